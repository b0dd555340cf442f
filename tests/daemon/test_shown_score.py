"""Scores in JSON: a likely one is below the threshold of a match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvird.http.scores import shown_score


@pytest.mark.parametrize(
    ("probability", "score"), [(0.89999, 0.8999), (0.9, 0.9), (0.0003, 0.0003), (1.0, 1.0)]
)
def test_a_score_is_never_rounded_up_to_a_threshold(probability: float, score: float) -> None:
    assert shown_score(probability) == score


@given(st.integers(0, 10_000))
def test_four_digits_stay_as_they_are(ten_thousandths: int) -> None:
    assert shown_score(ten_thousandths / 10_000) == ten_thousandths / 10_000


@given(st.floats(0, 1))
def test_a_score_loses_less_than_its_last_digit(probability: float) -> None:
    assert -1e-10 <= probability - shown_score(probability) < 1.0001e-4
