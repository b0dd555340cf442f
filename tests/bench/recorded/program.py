"""The command line: fill a library, ask it, compare two records."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.recorded.answers import Record, answer_all, differences
from bench.recorded.questions import questions
from cbvir_core import CbvirError, Library

VIDEOS = Path(__file__).resolve().parents[4] / "shared" / "videos"


def main(line: Sequence[str]) -> int:
    """Run a command; return 1 where a comparison finds a difference."""
    chosen = _parser().parse_args(line)
    if chosen.command == "ask":
        return _ask(chosen.library, chosen.videos, chosen.count, chosen.seed, chosen.out)
    return _compare(chosen.before, chosen.after)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.recorded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="put the questions to a library and write the answers down")
    ask.add_argument("--library", type=Path, required=True, help="data folder; filled where it is empty")
    ask.add_argument("--videos", type=Path, default=VIDEOS, help="folder of clips (%(default)s)")
    ask.add_argument("--count", type=int, default=300, help="number of questions (%(default)s)")
    ask.add_argument("--seed", type=int, default=12, help="another seed asks other questions (%(default)s)")
    ask.add_argument("--out", type=Path, required=True, metavar="FILE", help="the record, JSON")
    compare = commands.add_parser("compare", help="list the differences between two records")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    return parser


def _ask(folder: Path, videos: Path, count: int, seed: int, out: Path) -> int:
    clips = sorted(path for path in videos.iterdir() if path.suffix != ".md")
    with Library.open(folder, profile="builtin") as library:
        for clip in clips:
            with suppress(CbvirError):  # some clips are damaged on purpose
                library.add(clip)
        for step in (library.backfill, library.backfill_features, library.maintain):
            while step():
                pass
        record = answer_all(library, questions(clips, count, seed))
    record.write(out)
    print(f"{len(record.answers)} answers written to {out}")
    return 0


def _compare(before: Path, after: Path) -> int:
    first, second = Record.read(before), Record.read(after)
    found = differences(first, second)
    for line in found:
        print(line)
    print(f"{len(first.answers)} and {len(second.answers)} answers, {len(found)} differences")
    return 1 if found else 0
