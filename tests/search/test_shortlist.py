"""The rule of the shortlist, and scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search.scores import LIKELY_SCORE, MATCH_SCORE, Calibration, verdict
from cbvir_core.search.shortlist import AT_LEAST, AT_MOST, Neighbours, length, shortlist
from cbvir_core.types import Rows, Verdict


class Exact:
    """Every row compared with every query."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        found = []
        for query in queries:
            distances = np.linalg.norm(self._rows - query, axis=1).astype(np.float32)
            order = np.argsort(distances, kind="stable")[:k]
            found.append((order.astype(np.int64) + 1, distances[order]))
        return found


def unit(count: int, seed: int) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_tenth_of_the_library_bounded_below_and_above() -> None:
    assert length(0) == 0
    assert length(20) == 20
    assert length(300) == AT_LEAST
    assert length(1000) == 100
    assert length(1_000_000) == AT_MOST
    assert length(1_000_000, at_most=10) == 10
    assert length(300, at_most=10, asked=80) == 80
    assert length(30, asked=80) == 30


@given(st.integers(0, 400), st.integers(1, 4), st.integers(1, 300), st.integers(0, 99))
def test_shortlist_is_the_nearest_of_any_variant(rows: int, queries: int, at_most: int, seed: int) -> None:
    gallery, asked = unit(rows, seed), unit(queries, seed + 1)
    found = shortlist(Exact(gallery), asked, at_most)
    assert len(found) == length(rows, at_most)
    assert len(set(found.rows.tolist())) == len(found)
    nearest = np.linalg.norm(gallery[:, None] - asked[None], axis=2)
    expected = np.sort(nearest.min(axis=1))[: len(found)] if rows else np.zeros(0)
    np.testing.assert_allclose(found.distances, expected, atol=1e-5)
    assert (nearest[found.rows - 1].argmin(axis=1) == found.variants).all()
    np.testing.assert_allclose(found.cosines(), (gallery @ asked.T).max(axis=1)[found.rows - 1], atol=1e-5)


def test_a_tie_goes_to_the_plain_picture() -> None:
    gallery = unit(5, 0)
    found = shortlist(Exact(gallery), np.stack([gallery[2], gallery[2]]))
    assert found.rows[0] == 3
    assert found.variants.tolist() == [0] * 5


SCALE = Calibration(likely_cosine=0.7, match_cosine=0.8)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_a_higher_cosine_never_scores_lower(cosines: list[float]) -> None:
    low, high = SCALE.score(np.sort(cosines))
    assert 0.0 <= low <= high <= 1.0


def test_the_scale_hangs_on_its_two_cosines() -> None:
    np.testing.assert_allclose(SCALE.score(np.array([0.7, 0.8, 1.0])), [LIKELY_SCORE, MATCH_SCORE, 1.0])


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"likely_cosine": 0.3, "match_cosine": 0.5}, Calibration(0.3, 0.5)),
        ({"likely_cosine": 0.6, "match_cosine": 0.5}, SCALE),
        ({"likely_cosine": "high", "match_cosine": 0.5}, SCALE),
        ({}, SCALE),
    ],
)
def test_header_details_make_the_scale(details: dict[str, object], expected: Calibration) -> None:
    assert Calibration.of(details, SCALE) == expected


def test_verdicts() -> None:
    claims = [verdict(score, 0.7, 0.5) for score in (0.7, 0.69, 0.5, 0.49)]
    assert claims == [Verdict.MATCH, Verdict.LIKELY, Verdict.LIKELY, Verdict.NONE]
