"""A library compared with itself, on rows of frames that were made: ``python -m bench.duplicates --help``.

Time, memory, and which of the planted copies, excerpts, compilations and title sequences are found.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.duplicates.program import run

    run(line)
