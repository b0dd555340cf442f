"""The command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.films.edits import EDIT_KINDS
from bench.films.stages import switches
from bench.shared_data import SHARED
from cbvir_core.search import SearchOptions

DESCRIPTION = "Ask about films joined from real clips: is the moment found, and called what it is?"


ABSENT_HELP = (
    "questions without an answer: a third each of clips never learnt, of clips of the same series as one "
    "there, and of photographs (default: %(default)s)"
)
WITHOUT_HELP = f"ask again without these stages, each alone; without a name all of: {', '.join(switches())}"


@dataclass(frozen=True)
class FilmArguments:
    """The options: which questions, how many, and where films and library are kept."""

    shared: Path
    data: Path
    seed: int
    unedited: int
    each: int
    absent: int
    photographs: int
    kinds: tuple[str, ...]
    exact_time_s: float
    without: tuple[str, ...]
    every: int
    last: bool
    fresh: bool
    json: Path | None
    plot: Path | None
    pictures: Path | None


def parse(line: Sequence[str]) -> FilmArguments:
    """Return the options of a command line; exit with a message where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.films", description=DESCRIPTION)
    add = parser.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos and distractors")
    add(
        "--data",
        type=Path,
        default=_cache(),
        metavar="FOLDER",
        help="keep films and library there (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="another seed makes other questions (default: %(default)s)")
    add("--unedited", type=int, default=150, help="unedited frames (default: %(default)s)")
    add("--each", type=int, default=12, help="questions of each kind of edit (default: %(default)s)")
    add(
        "--absent",
        type=int,
        default=330,
        help=ABSENT_HELP,
    )
    add("--photographs", type=int, default=2500, help="photographs in films beside (default: %(default)s)")
    add(
        "--kinds",
        nargs="*",
        default=(),
        choices=EDIT_KINDS,
        metavar="KIND",
        help="only these edits, and unedited where it is named (default: all)",
    )
    within = "seconds that a query has for the exact time, more on a busy machine (default: %(default)s)"
    add("--exact-time-s", type=float, default=SearchOptions().exact_time_s, help=within)
    add(
        "--without",
        nargs="*",
        choices=[*switches(), []],
        metavar="STAGE",
        help=WITHOUT_HELP,
    )
    add("--every", type=int, default=3, help="of these questions only every n-th (default: %(default)s)")
    add(
        "--last",
        action="store_true",
        help="ask about the last part of the clips; for the end of some work, never for tuning",
    )
    add("--fresh", action="store_true", help="make the library anew")
    add("--quick", action="store_true", help="few questions and photographs, to see that it runs")
    add("--json", type=Path, metavar="FILE", help="write all figures and every outcome")
    add("--plot", type=Path, metavar="FILE", help="write the reliability plot as PNG")
    add(
        "--pictures",
        type=Path,
        metavar="FILE",
        help="write one question of each kind as a picture, and ask nothing",
    )
    chosen = vars(parser.parse_args(line))
    quick, off = chosen.pop("quick"), chosen["without"]
    chosen["without"] = () if off is None else tuple(off) or tuple(switches())
    found = FilmArguments(**chosen | {"kinds": tuple(chosen["kinds"])})
    return replace(found, unedited=8, each=1, absent=12, photographs=40) if quick else found


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "cbvir-bench-films"
