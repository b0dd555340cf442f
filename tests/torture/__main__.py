"""The command line: it prints one table, and ends with 1 where something was lost or crashed."""

from __future__ import annotations

import argparse
import sys

from torture.kills import KillTally, kill_often
from torture.mutations import MutationTally, mutate_often


def main() -> int:
    """Run the trials: `kills` of a service, `mutations` of files; both without a name."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=main.__doc__)
    parser.add_argument("trial", nargs="?", choices=("kills", "mutations"))
    parser.add_argument("--kills", type=int, default=200, help="kills -9 at random moments")
    parser.add_argument("--count", type=int, default=2000, help="mutated files")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tallies: list[KillTally | MutationTally] = []
    if options.trial != "mutations":
        tallies.append(kill_often(options.kills, options.seed, _told))
    if options.trial != "kills":
        tallies.append(mutate_often(options.count, options.seed, _told))
    print(table(tallies))
    for fault in (fault for tally in tallies for fault in tally.faults):
        print(f"- {fault}")
    return 0 if all(tally.survived for tally in tallies) else 1


def table(tallies: list[KillTally | MutationTally]) -> str:
    """Return the table, as in docs/figures.md."""
    rows = [row for tally in tallies for row in tally.rows()]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _told(said: str) -> None:
    print(said, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
