"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.shared_data import SHARED

DESCRIPTION = (
    "Recall of the right video and scene by edited frames, among photographs, for sets of descriptors."
)
STANDARD_DESCRIPTORS = ("hsv", "phash", "random", "imagenet", "builtin")


@dataclass(frozen=True)
class WeightFile:
    """A weight file from the command line."""

    role: Literal["filter", "refine"]
    label: str
    path: Path


@dataclass(frozen=True)
class RetrievalArguments:
    """What to measure, and on how much."""

    shared: Path
    seed: int
    queries: int
    distractors: int
    foreign: int
    descriptors: tuple[str, ...]
    files: tuple[WeightFile, ...]
    variants: bool
    threads: int
    json: Path | None
    markdown: Path | None
    pictures: Path | None


class _Weights(argparse.Action):
    """Keeps weight files in the order of the line, because a refinement goes with the filter before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        label, marked, path = str(values).rpartition("=")
        file = Path(path)
        if not file.is_file():
            parser.error(f"{option}: there is no file {file}")
        role: Literal["filter", "refine"] = "filter" if option == "--filter" else "refine"
        namespace.files = [*namespace.files, WeightFile(role, label if marked else file.stem, file)]


def parse(line: Sequence[str]) -> RetrievalArguments:
    """The arguments of a command line; ends the program with a message where they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=DESCRIPTION)
    parser.set_defaults(files=[])
    add = parser.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos, distractors, train_images, weights")
    add("--seed", type=int, default=0, help="another seed asks other questions (%(default)s)")
    add("--queries", type=_count, default=2000, help="queries that have an answer, about (%(default)s)")
    add("--distractors", type=int, default=10_000, help="at most so many photographs in the corpus (all)")
    add(
        "--foreign",
        type=int,
        default=1000,
        help="photographs asked with that are nowhere in it (%(default)s)",
    )
    add(
        "--descriptors",
        nargs="*",
        choices=STANDARD_DESCRIPTORS,
        default=STANDARD_DESCRIPTORS,
        help="of the standard ones (all)",
    )
    label = "[LABEL=]FILE"
    add("--filter", action=_Weights, metavar=label, help="a filter's weight file; again for more")
    behind = "SOLAR behind the --filter named before it, or behind the built-in one; again for more"
    add("--refine", action=_Weights, metavar=label, help=behind)
    add(
        "--variants",
        action="store_true",
        help="look for what a query of the program looks for: also mirrored, without bars",
    )
    add("--threads", type=_count, default=1, help="threads per network (%(default)s)")
    add("--json", type=Path, metavar="FILE", help="all figures")
    add("--markdown", type=Path, metavar="FILE", help="the short table")
    add("--pictures", type=Path, metavar="FILE", help="one example of each kind of edit, as a picture")
    chosen = vars(parser.parse_args(line))
    chosen.pop("filter"), chosen.pop("refine")
    chosen |= {name: tuple(chosen[name]) for name in ("descriptors", "files")}
    return RetrievalArguments(**chosen)


def _count(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
