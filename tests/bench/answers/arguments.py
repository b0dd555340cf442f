"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.answers.stages import ALL_STAGES, EVERYTHING, STAGE_OPTIONS
from bench.shared_data import SHARED

DESCRIPTION = "Right answers, honest verdicts and exact times, with every stage and with each switched off."


@dataclass(frozen=True)
class AnswerArguments:
    """The options: which queries, and how many."""

    shared: Path
    seed: int
    frames: int
    foreign: int
    distractors: int
    without: tuple[str, ...]
    frames_without: int
    kinds: tuple[str, ...]
    exact_time_s: float
    data: Path | None
    json: Path | None
    plot: Path | None


def parse(line: Sequence[str]) -> AnswerArguments:
    """Return the options of a command line; exit with a message where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers", description=DESCRIPTION)
    add = parser.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos, distractors, train_images")
    add("--seed", type=int, default=0, help="another seed makes other queries (default: %(default)s)")
    add(
        "--frames",
        type=int,
        default=100,
        help="frames; each is a query in every perturbation (default: %(default)s)",
    )
    add(
        "--foreign",
        type=int,
        default=1000,
        help="query photographs that are not in the library (default: %(default)s)",
    )
    add("--distractors", type=int, default=10_000, help="photographs in the library at most (default: all)")
    others = [name for name in STAGE_OPTIONS if name != EVERYTHING]
    add(
        "--without",
        nargs="*",
        choices=others,
        default=others,
        help="measure again without these stages (default: each in turn)",
    )
    add("--frames-without", type=int, default=25, help="frames for each of those (default: %(default)s)")
    add("--kinds", nargs="*", default=(), help="only these perturbations (default: all)")
    within = "seconds that a query has for the exact time, more on a busy machine (default: %(default)s)"
    add("--exact-time-s", type=float, default=ALL_STAGES.exact_time_s, help=within)
    add("--data", type=Path, metavar="FOLDER", help="keep the library there for the next run")
    add("--json", type=Path, metavar="FILE", help="write all figures and every outcome")
    add("--plot", type=Path, metavar="FILE", help="write the reliability plot as PNG")
    chosen = vars(parser.parse_args(line))
    return AnswerArguments(**chosen | {name: tuple(chosen[name]) for name in ("without", "kinds")})
