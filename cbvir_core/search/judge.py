"""The pass that judges: the probability of each candidate by all that is known of it."""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.search.bounds import bounds_of
from cbvir_core.search.findings import Findings
from cbvir_core.search.query import Query
from cbvir_core.search.truest_frame import with_truest_frame_first

BOUND_NOTE = (
    "{count} scenes were judged and the last of them still show the picture: there may be more. "
    "Limit the question to folders or videos to see all of them."
)


def judge(query: Query, known: Findings) -> Findings:
    """Return the candidates with their probabilities.

    Those that were not verified are capped at the lowest verified probability: the descriptors of the
    verified ones are nearer.  Where the bound on scenes may hide some that show the picture, a note says so.
    """
    verified = [one.probability for one in known.candidates if one.evidence.checked]
    cap = min(verified, default=1.0)
    candidates = tuple(
        one if one.evidence.checked else replace(one, probability=min(one.probability, cap))
        for one in known.candidates
    )
    judged = with_truest_frame_first(query, replace(known, candidates=candidates))
    if not _may_hide_scenes(query, judged):
        return judged
    return judged.with_notes([BOUND_NOTE.format(count=len(candidates))])


def _may_hide_scenes(query: Query, judged: Findings) -> bool:
    """Return whether as many scenes were judged as may be, and some of the last ones are likely."""
    bounds = bounds_of(query.options)
    if not query.options.everywhere or len(judged.candidates) < bounds.candidates:
        return False
    last = judged.candidates[-bounds.patience :]
    return any(candidate.probability >= query.options.likely_score for candidate in last)
