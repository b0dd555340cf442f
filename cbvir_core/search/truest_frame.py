"""The scene of a video whose frame, decoded again, shows the picture best is the most probable one of it."""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.search.findings import Findings
from cbvir_core.search.next_look import has_certain_frame
from cbvir_core.search.query import Query

CLEARER_FIT = 0.01
"""By how much a frame has to fit better than another one of its video to go before it."""


def with_truest_frame_first(query: Query, known: Findings) -> Findings:
    """Return the candidates, where a match whose frame fits best has the highest probability of its video.

    Local features agree with every scene of a still camera, and how many do is chance.  They say that the
    video shows the picture; which scene does is said by the frames that were decoded.
    """
    if not known.candidates:
        return known
    first = known.best_number
    best = known.candidates[first]
    looked_at = [
        number
        for number, one in enumerate(known.candidates)
        if one.video.video_id == best.video.video_id
        and one.moment is not None
        and one.probability >= query.options.match_score
    ]
    truest = max(looked_at, key=lambda number: _rank(known, number), default=first)
    if truest == first or not _shows_better(known, truest, first):
        return known
    swapped = known.candidates[truest].probability, best.probability
    return known.with_candidates(
        {
            first: replace(best, probability=swapped[0]),
            truest: replace(known.candidates[truest], probability=swapped[1]),
        }
    )


def _rank(known: Findings, number: int) -> tuple[bool, float]:
    """Return what orders the frames that were looked at: exact ones first, then by their fit."""
    moment = known.candidates[number].moment
    return (False, 0.0) if moment is None else (moment.exact, moment.fit)


def _shows_better(known: Findings, one: int, other: int) -> bool:
    """Return whether the frame of one candidate shows the picture better than that of the other, or as no
    other one can."""
    if known.candidates[other].moment is None:
        return has_certain_frame(known, one)
    (exact, fit), (other_exact, other_fit) = _rank(known, one), _rank(known, other)
    return fit > other_fit + CLEARER_FIT and (exact or not other_exact)
