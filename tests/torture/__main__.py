"""The command line: one table, and exit code 1 where something was lost, changed, hung or crashed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import structlog

from torture.api import EXAMPLES, ask_as_described
from torture.faults import FAULTS, disturb_often
from torture.fuzz import fuzz
from torture.kills import KINDS, kill_often
from torture.load import load, soak
from torture.mutations import mutate_often
from torture.tally import Tally, as_csv, as_json, as_text
from torture.trial import Told
from torture.tried import Subject, tried_service

SHORT_KILLS = ("sealing a segment", "restoring")
SHORT_FAULTS = ("puts into the store that fail", "a full disk that recovers")
SHORT_EXAMPLES, SHORT_COUNT, SHORT_SECONDS = 1, 40, 2

TRIALS = ("kills", "faults", "mutations", "api", "fuzz", "load", "soak")


def main() -> int:
    """Run the trials that are named, or all of them."""
    options = _parser().parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the table's
    tallies: list[Tally] = []
    interrupted = False
    try:
        if options.short:
            tallies += run_short(options.seed, _told)
        for trial in options.trials or (() if options.short else TRIALS):
            tallies.append(Tally())
            _run(trial, options, tallies[-1])
    except KeyboardInterrupt:
        interrupted = True
    form: Callable[[list[Tally]], str] = as_json if options.json else as_csv if options.csv else as_text
    print(form(tallies))
    if form is as_text:
        for said in [*(one for tally in tallies for one in tally.notes + tally.wrong)]:
            print(f"- {said}")
    return 1 if interrupted or not all(tally.survived for tally in tallies) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torture", description=main.__doc__)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"{', '.join(TRIALS)}; all by default")
    parser.add_argument("--kills", type=int, default=200, help="kills -9, each kind in its turn")
    parser.add_argument("--faults", type=int, default=3 * len(FAULTS), help="other faults, likewise")
    parser.add_argument("--count", type=int, default=2000, help="mutated files")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="requests of a kind to an operation")
    parser.add_argument("--seconds", type=int, default=600, help="of fuzzing")
    parser.add_argument("--minutes", type=float, help="of load (10 by default) or of a soak (60)")
    parser.add_argument("--only", action="append", default=[], help="a kind of kill or fault by its name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--short", action="store_true", help="a little of each, as `make test` does")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--csv", action="store_true", help="print comma-separated values")
    return parser


def _run(trial: str, options: argparse.Namespace, tally: Tally) -> None:
    """Run one trial; those that want a service have one of their own."""
    if trial == "mutations":
        mutate_often(options.count, options.seed, _told, tally=tally)
    elif trial == "fuzz":
        fuzz(options.seconds, options.seed, _told, tally=tally)
    else:
        with tried_service() as subject:
            _run_with(subject, trial, options, tally)


def _run_with(subject: Subject, trial: str, options: argparse.Namespace, tally: Tally) -> None:
    only: list[str] = options.only
    match trial:
        case "kills":
            kinds = [name for name in only if name in KINDS]
            kill_often(subject, options.kills, options.seed, _told, names=kinds, tally=tally)
        case "faults":
            kinds = [name for name in only if name in FAULTS]
            disturb_often(subject, options.faults, options.seed, _told, names=kinds, tally=tally)
        case "api":
            ask_as_described(subject, options.examples, _told, tally=tally)
        case "load":
            load(subject, options.minutes or 10.0, _told, tally=tally)
        case "soak":
            soak(subject, options.minutes or 60.0, _told, tally=tally)
        case _:
            raise SystemExit(f"there is no trial {trial!r}; there are {', '.join(TRIALS)}")


def run_short(seed: int = 0, told: Told = print) -> list[Tally]:
    """Run a little of each trial but the long ones, with one service: what ``make test`` runs."""
    tallies = [Tally() for _ in range(5)]
    with tried_service() as subject:
        kill_often(subject, len(SHORT_KILLS), seed, told, names=SHORT_KILLS, tally=tallies[0])
        disturb_often(subject, len(SHORT_FAULTS), seed, told, names=SHORT_FAULTS, tally=tallies[1])
        ask_as_described(subject, SHORT_EXAMPLES, told, tally=tallies[2])
    mutate_often(SHORT_COUNT, seed, told, tally=tallies[3])
    fuzz(SHORT_SECONDS, seed, told, tally=tallies[4])
    return tallies


def _told(said: str) -> None:
    print(said, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
