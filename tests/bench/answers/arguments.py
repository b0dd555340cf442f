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
    """What to ask, and how often."""

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
    """The arguments of a command line; ends the program with a message where they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers", description=DESCRIPTION)
    add = parser.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos, distractors, train_images")
    add("--seed", type=int, default=0, help="another seed asks other questions (%(default)s)")
    add("--frames", type=int, default=100, help="frames, each asked with in every edit (%(default)s)")
    add("--foreign", type=int, default=1000, help="photographs that are nowhere (%(default)s)")
    add("--distractors", type=int, default=10_000, help="at most so many photographs in the library (all)")
    others = [name for name in STAGE_OPTIONS if name != EVERYTHING]
    add("--without", nargs="*", choices=others, default=others, help="of the stages switched off (each)")
    add("--frames-without", type=int, default=25, help="frames for each of those (%(default)s)")
    add("--kinds", nargs="*", default=(), help="these edits alone (all)")
    within = "seconds that a query has for the exact moment (%(default)s): more where the machine is busy"
    add("--exact-time-s", type=float, default=ALL_STAGES.exact_time_s, help=within)
    add("--data", type=Path, metavar="FOLDER", help="where the library is kept for the next time")
    add("--json", type=Path, metavar="FILE", help="all figures and every outcome")
    add("--plot", type=Path, metavar="FILE", help="reliability plot, PNG")
    chosen = vars(parser.parse_args(line))
    return AnswerArguments(**chosen | {name: tuple(chosen[name]) for name in ("without", "kinds")})
