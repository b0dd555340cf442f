"""How often an answer is right, and what each stage of a query adds: ``python -m bench.answers --help``.

A library holds the clips, and photographs as videos of one keyframe each.  The queries are those of
`bench.retrieval`: perturbed frames of clips that are not trained on, the same of clips that are left out
of the library, and photographs that are in neither.  What is judged is the first line that a person
reads: the scene of the first hit, its verdict and probability, and its time.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(line: Sequence[str] = ()) -> None:
    """Run the benchmark with the defaults, or with the options of a command line."""
    from bench.answers.program import run  # imports torch, OpenVINO and matplotlib, so only when needed

    run(line)
