"""The rest of the shot that a match is in: what only resembles the picture there is not named beside it."""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.search.findings import Findings
from cbvir_core.search.next_look import adjoining, has_match
from cbvir_core.search.query import Query


def without_rest_of_shot(query: Query, judged: Findings) -> Findings:
    """Return what was judged, where scenes beside a match whose moment is known are improbable.

    A camera that moves on shows nearly the same in several scenes.  Once one of them is a match at its
    moment, a scene beside it that is no match itself shows another moment of the shot: its probability is
    what that of the match leaves.
    """
    if not has_match(query, judged):
        return judged
    number = judged.best_number
    if judged.candidates[number].moment is None:
        return judged
    beside = {
        other
        for other in adjoining(judged.candidates, number)
        if judged.candidates[other].probability < query.options.match_score
    }
    left = 1.0 - judged.best_probability
    candidates = tuple(
        replace(one, probability=min(one.probability, left)) if number in beside else one
        for number, one in enumerate(judged.candidates)
    )
    return replace(judged, candidates=candidates)
