"""The rule of the shortlist, shortlists joined, and scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search import ScoreScale
from cbvir_core.search.bounds import EVERY_SCENE, bounds_of
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.scores import LIKELY_SCORE, MATCH_SCORE
from cbvir_core.search.shortlist import (
    MAX_SHORTLISTED,
    MIN_SHORTLISTED,
    Shortlist,
    nearest_keyframes,
    shortlist_length,
)
from cbvir_core.types import Rows
from support.candidates import ExactGallery


def unit(count: int, seed: int) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_a_tenth_of_the_library_bounded_below_and_above() -> None:
    assert shortlist_length(0) == 0
    assert shortlist_length(20) == 20
    assert shortlist_length(300) == MIN_SHORTLISTED
    assert shortlist_length(1000) == 100
    assert shortlist_length(1_000_000) == MAX_SHORTLISTED
    assert shortlist_length(1_000_000, at_most=10) == 10
    assert shortlist_length(300, at_most=10, at_least=80) == 80
    assert shortlist_length(30, at_least=80) == 30


@given(st.integers(0, 400), st.integers(1, 4), st.integers(1, 300), st.integers(0, 99))
def test_shortlist_is_the_nearest_of_any_variant(rows: int, queries: int, at_most: int, seed: int) -> None:
    gallery, asked = unit(rows, seed), unit(queries, seed + 1)
    found = nearest_keyframes(ExactGallery(gallery), asked, at_most)
    assert len(found) == shortlist_length(rows, at_most)
    assert len(set(found.rows.tolist())) == len(found)
    nearest = np.linalg.norm(gallery[:, None] - asked[None], axis=2)
    expected = np.sort(nearest.min(axis=1))[: len(found)] if rows else np.zeros(0)
    np.testing.assert_allclose(found.distances, expected, atol=1e-5)
    assert (nearest[found.rows - 1].argmin(axis=1) == found.variants).all()
    np.testing.assert_allclose(found.cosines(), (gallery @ asked.T).max(axis=1)[found.rows - 1], atol=1e-5)


def test_a_tie_goes_to_the_plain_picture() -> None:
    gallery = unit(5, 0)
    found = nearest_keyframes(ExactGallery(gallery), np.stack([gallery[2], gallery[2]]))
    assert found.rows[0] == 3
    assert found.variants.tolist() == [0] * 5


SCALE = ScoreScale(likely_cosine=0.7, match_cosine=0.8)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_a_higher_cosine_never_scores_lower(cosines: list[float]) -> None:
    low, high = SCALE.score(np.sort(cosines))
    assert 0.0 <= low <= high <= 1.0


def test_the_scale_hangs_on_its_two_cosines() -> None:
    np.testing.assert_allclose(SCALE.score(np.array([0.7, 0.8, 1.0])), [LIKELY_SCORE, MATCH_SCORE, 1.0])


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"likely_cosine": 0.3, "match_cosine": 0.5}, ScoreScale(0.3, 0.5)),
        ({"likely_cosine": 0.6, "match_cosine": 0.5}, SCALE),
        ({"likely_cosine": "high", "match_cosine": 0.5}, SCALE),
        ({}, SCALE),
    ],
)
def test_header_details_make_the_scale(details: dict[str, object], expected: ScoreScale) -> None:
    assert ScoreScale.of(details, SCALE) == expected


def test_a_keyframe_of_two_shortlists_has_its_higher_score() -> None:
    first = Shortlist(np.array([4, 2, 9]), np.array([0.9, 0.5, 0.1]), ("a", "b", "c"))
    second = Shortlist(np.array([2, 7]), np.array([0.8, 0.3]), ("d", "e"))
    both = first.joined(second)
    assert both.rows.tolist() == [4, 2, 7, 9]
    assert both.scores.tolist() == [0.9, 0.8, 0.3, 0.1]
    assert both.variants == ("a", "d", "e", "c")
    alone = Shortlist.empty().joined(first)
    assert (alone.rows.tolist(), alone.variants) == (first.rows.tolist(), first.variants)


def test_the_shortlist_is_long_enough_for_every_scene() -> None:
    assert bounds_of(SearchOptions(everywhere=True)).shortlisted == EVERY_SCENE.shortlisted
    assert EVERY_SCENE.shortlisted >= EVERY_SCENE.candidates
    assert bounds_of(SearchOptions(top=7)).shortlisted == 7
