"""Clips of ten seconds as one vector, beside the similarity matrix: ``python -m bench.sequences --help``.

Copies of pieces of real clips, edited in many ways, ask for the ten seconds that they were cut from, among
those of all clips and of films that show photographs.  Each way to compare gets the same sixteen frames.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.sequences.program import run  # imports OpenVINO, so only when needed

    run(line)
