"""Which way of finding neighbours is ahead, at every size: ``python -m bench.neighbours --help``.

Rows are descriptors of real pictures by the built-in filter; a set that is larger than there are pictures is
enlarged (`bench.neighbours.made`).  Each way is built in one process and searched in another, by one thread,
with the least effort that reaches the recall on other queries than those that are measured.  ``frames``
measures the index of frames.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    if line and line[0] == "frames":
        from bench.neighbours.frames import run_frames

        run_frames(line[1:])
        return
    from bench.neighbours.program import run  # imports OpenVINO, faiss and matplotlib, so only when needed

    run(line)
