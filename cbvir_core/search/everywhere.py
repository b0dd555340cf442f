"""Every scene that shows the picture, beside the best ones: one question has one answer."""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.search.findings import Findings


def every_scene(best: Findings, every: Findings) -> Findings:
    """Return the scenes of a query for everywhere, where those of the query for the best are as they were.

    Among every scene a margin is another one, and fewer scenes are decoded.  Without this the same picture
    would be a match in one way of asking and likely in the other.
    """
    judged = {candidate.row: replace(candidate, others=()) for candidate in best.candidates}
    rows = {candidate.row for candidate in every.candidates}
    candidates = [judged.get(candidate.row, candidate) for candidate in every.candidates]
    missing = [candidate for row, candidate in judged.items() if row not in rows]
    return replace(every, candidates=(*candidates, *missing))
