"""The command line: it prints one table, and ends with 1 where something was lost."""

from __future__ import annotations

import argparse
import sys

from torture.kills import START_LIMIT_S, KillTally, kill_often


def main() -> int:
    """Run the trials."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kills -9 at random moments")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = kill_often(options.kills, options.seed, lambda said: print(said, file=sys.stderr, flush=True))
    print(table(tally))
    for fault in tally.faults:
        print(f"- {fault}")
    return 0 if tally.survived else 1


def table(tally: KillTally) -> str:
    """Return the table, as in docs/figures.md."""
    rows = [(f"killed while {kind}", str(count)) for kind, count in sorted(tally.kills.items())]
    rows += [
        ("kills, all", str(tally.kills.total())),
        ("faults that the deep check found", str(len(tally.faults))),
        ("keyframes lost, doubled", f"{tally.rows_lost}, {tally.rows_doubled}"),
        ("answers other than undisturbed", str(tally.answers_changed)),
        (f"longest start after a kill (at most {START_LIMIT_S:.0f} s)", f"{tally.longest_start_s:.1f} s"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


if __name__ == "__main__":
    sys.exit(main())
