"""Rectangular average precision against a worked example, and against a slow reference."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.evaluate import rectangular_average_precision

ITEMS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), max_size=25)
"""Scores with many ties, and whether the item is a positive."""


def of(items: list[tuple[int, bool]], unscored: int = 0) -> float:
    scores = np.array([score for score, _ in items], np.float64)
    relevant = np.array([good for _, good in items], np.bool_)
    return rectangular_average_precision(scores, relevant, int(relevant.sum()) + unscored)


def slow_truth(items: list[tuple[int, bool]], unscored: int) -> Fraction:
    """Precision after each threshold times the recall that the threshold adds."""
    positives = sum(good for _, good in items) + unscored
    area, before = Fraction(0), 0
    for threshold in sorted({score for score, _ in items}, reverse=True):
        kept = [good for score, good in items if score >= threshold]
        area += Fraction(sum(kept) - before, positives) * Fraction(sum(kept), len(kept))
        before = sum(kept)
    return area


def test_a_worked_example() -> None:
    """The ranking p n p, and a positive without a score: 1/3 (1/1 + 2/3) = 5/9.

    With the last two tied, both count at rank 3: 1/3 (1/1 + 2/3) again; with all three tied 2/3 · 2/3 = 4/9.
    """
    assert of([(3, True), (2, False), (1, True)], unscored=1) == pytest.approx(5 / 9)
    assert of([(3, True), (1, False), (1, True)], unscored=1) == pytest.approx(5 / 9)
    assert of([(1, True), (1, False), (1, True)], unscored=1) == pytest.approx(4 / 9)


@given(ITEMS, st.integers(0, 3), st.randoms())
def test_it_is_the_area_under_the_steps_in_whatever_order_items_come(
    items: list[tuple[int, bool]], unscored: int, random: Random
) -> None:
    if not any(good for _, good in items) and not unscored:
        return
    expected = pytest.approx(float(slow_truth(items, unscored)))
    assert of(items, unscored) == expected
    shuffled = list(items)
    random.shuffle(shuffled)
    assert of(shuffled, unscored) == expected


@given(st.integers(1, 9), st.integers(0, 9))
def test_a_perfect_ranking_is_worth_one(positives: int, others: int) -> None:
    items = [(number, number > others) for number in range(1, positives + others + 1)]
    assert of(items) == pytest.approx(1.0)


def test_nothing_to_find_is_no_figure() -> None:
    with pytest.raises(ValueError, match="positive"):
        of([(1, False)])
    assert of([], unscored=2) == 0.0
