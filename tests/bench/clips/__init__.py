"""Copies of parts of films, edited in many ways, and where they are found: ``python -m bench.clips --help``.

The films and their library are those of ``python -m bench.films``.  A question is a piece of a film that was
cut out, edited and encoded again; pieces of films that the library lacks have no right answer.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.clips.program import run  # imports OpenVINO, so only when needed

    run(line)
