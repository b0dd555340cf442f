"""Whole videos compared with whole videos: ``python -m bench.visil --help``.

Copies of pieces of real clips, edited in many ways, ask for the clip among all clips and many made ones.
Each way to compare two videos gets the same described frames, so that only the comparison differs.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.visil.program import run  # imports OpenVINO, so only when needed

    run(line)
