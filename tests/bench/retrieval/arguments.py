"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.shared_data import SHARED

DESCRIPTION = "Measure how often perturbed frames find their video and scene, with several descriptors."
STANDARD_DESCRIPTORS = ("hsv", "phash", "random", "imagenet", "builtin")


@dataclass(frozen=True)
class WeightFile:
    """A weight file from the command line."""

    role: Literal["filter", "refine"]
    label: str
    path: Path


@dataclass(frozen=True)
class RetrievalArguments:
    """The options: what to measure, and on how many pictures."""

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
    """Keeps weight files in their order, because a refinement belongs to the filter before it."""

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
    """Return the options of a command line; exit with a message where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=DESCRIPTION)
    parser.set_defaults(files=[])
    add = parser.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos, distractors, train_images, weights")
    add("--seed", type=int, default=0, help="another seed makes other queries (default: %(default)s)")
    add(
        "--queries",
        type=_count,
        default=2000,
        help="number of queries that have an answer, about (default: %(default)s)",
    )
    add("--distractors", type=int, default=10_000, help="photographs in the corpus at most (default: all)")
    add(
        "--foreign",
        type=int,
        default=1000,
        help="query photographs that are not in the corpus (default: %(default)s)",
    )
    add(
        "--descriptors",
        nargs="*",
        choices=STANDARD_DESCRIPTORS,
        default=STANDARD_DESCRIPTORS,
        help="which of the standard descriptors (default: all)",
    )
    label = "[LABEL=]FILE"
    add("--filter", action=_Weights, metavar=label, help="weight file of a filter; may be repeated")
    behind = "weight file of SOLAR, after the --filter before it or the built-in one; may be repeated"
    add("--refine", action=_Weights, metavar=label, help=behind)
    add(
        "--variants",
        action="store_true",
        help="search for the variants that cbvir searches for: also mirrored, and without bars",
    )
    add("--threads", type=_count, default=1, help="threads of each network (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write all figures")
    add("--markdown", type=Path, metavar="FILE", help="write the short table")
    add("--pictures", type=Path, metavar="FILE", help="write one example of each perturbation as a picture")
    chosen = vars(parser.parse_args(line))
    chosen.pop("filter"), chosen.pop("refine")
    chosen |= {name: tuple(chosen[name]) for name in ("descriptors", "files")}
    return RetrievalArguments(**chosen)


def _count(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
