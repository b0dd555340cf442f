"""Scenes beside a match: those that only resemble the picture are not named as likely."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.localise import Moment
from cbvir_core.search.findings import Candidate, Findings
from cbvir_core.search.rest_of_shot import without_rest_of_shot
from support.candidates import candidate, query_for

MOMENT = Moment(1.5, 1.5, 0.9, False, 1, 1)
MATCH = replace(candidate(1, "a", 0.9, 0.97), moment=MOMENT)


def _probabilities(*candidates: Candidate) -> list[float]:
    found = without_rest_of_shot(query_for(), Findings(candidates=candidates))
    return [one.probability for one in found.candidates]


def test_the_next_scene_of_a_shot_is_not_likely_beside_its_match() -> None:
    after, elsewhere, other_film = (candidate(*place, 0.8, 0.85) for place in ((2, "a"), (9, "a"), (2, "b")))
    assert _probabilities(MATCH, after, elsewhere, other_film) == [0.97, pytest.approx(0.03), 0.85, 0.85]


def test_a_scene_beside_that_is_a_match_itself_stays() -> None:
    assert _probabilities(MATCH, candidate(2, "a", 0.9, 0.95)) == [0.97, 0.95]


def test_nothing_changes_where_the_moment_or_a_match_is_missing() -> None:
    beside = candidate(2, "a", 0.8, 0.85)
    assert _probabilities(replace(MATCH, moment=None), beside) == [0.97, 0.85]
    assert _probabilities(replace(MATCH, probability=0.88), beside) == [0.88, 0.85]


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from("ab"), st.floats(0, 1)), max_size=9))
def test_the_best_keeps_its_place_and_nothing_becomes_more_probable(
    drawn: list[tuple[int, str, float]],
) -> None:
    known = Findings(
        candidates=tuple(
            replace(candidate(row, video, 0.5, probability), moment=MOMENT)
            for row, video, probability in drawn
        )
    )
    found = without_rest_of_shot(query_for(), known)
    pairs = list(zip(known.candidates, found.candidates, strict=True))
    assert all(after.probability <= before.probability for before, after in pairs)
    assert not pairs or found.best_probability == known.best_probability
