"""How well descriptors find a scene by an edited frame of it: ``python -m bench.retrieval --help``.

The corpus is the keyframes of the clips and photographs that are in none of them.  The questions are
frames from between the keyframes, edited as people edit them, and pictures that are nowhere in the
corpus.  Everything is seeded: the same seed asks the same questions, whatever is measured.

What is asked has lent nothing to training: see `bench.retrieval.clips` for the frames and
`bench.retrieval.photographs` for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Everything at its defaults, or as the command line says."""
    from bench.retrieval.program import run  # torch and OpenVINO, which the edits can do without

    run(line)
