"""How well descriptors find a scene by a perturbed frame of it: ``python -m bench.retrieval --help``.

The corpus holds the keyframes of the clips, and photographs that are in no clip.  The queries are frames
from between the keyframes, perturbed as people do it, and pictures that are not in the corpus.  All is
seeded: the same seed makes the same queries, whatever is measured.

No query was trained on: see `bench.retrieval.clips` for the frames and `bench.retrieval.photographs` for
the photographs.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.retrieval.program import run  # imports torch and OpenVINO, which the perturbations do not need

    run(line)
