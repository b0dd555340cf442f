"""Films that nobody tuned to, and what is found of them: ``python -m bench.films --help``.

The library holds films that are joined from real clips, 720p at about 1.2 Mb/s, most of them with I-frames
only every 250 frames, and films of photographs, one a second.  The questions are frames by chance of clips
that lent nothing to training: unedited, and edited in some forty ways.  Frames of clips that the library
lacks, many of the same series as one in it, and photographs that are nowhere have no right answer.

The clips are divided once and for all in two parts.  Work is measured with the first; ``--last`` measures
with the second, which nobody tunes to.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.films.program import run  # imports torch, OpenVINO and matplotlib, so only when needed

    run(line)
