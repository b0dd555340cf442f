"""How often a whole answer is right, and what each stage of a query adds: ``python -m bench.answers --help``.

A library holds the clips, and photographs as videos of one keyframe each.  It is asked what
`bench.retrieval` asks: frames of clips that lent none to training, edited in every way, the same of clips
that are not in the library, and photographs that are nowhere.  Judged is what a person reads: the first
hit's scene, its verdict and probability, and its time.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Everything at its defaults, or as the command line says."""
    from bench.answers.program import run  # torch, OpenVINO and matplotlib, only when they are needed

    run(line)
