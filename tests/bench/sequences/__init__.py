"""Clips as one vector, beside the similarity matrix: ``python -m bench.sequences --help``.

Copies of pieces of real clips, edited in many ways, ask for the seconds of film that they were cut from.
Other clips, and films that show photographs, are there beside them.  Each way to compare gets the same
sixteen frames of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.sequences.program import run  # imports OpenVINO, so only when needed

    run(line)
