"""Average precision, pooled and by query, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.visil.figures import average_precision_of, mean_average_precision, micro_average_precision


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_average_precision_is_the_area_of_its_steps(answers: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in answers], np.float32)
    relevant = np.array([right for _, right in answers])
    if not relevant.any():
        with pytest.raises(ValueError, match="at least one relevant"):
            average_precision_of(scores, relevant)
        return
    order = sorted(answers, key=lambda answer: (-answer[0], answer[1]))  # equal scores: the wrong ones first
    area = found = 0.0
    for number, (_, right) in enumerate(order, start=1):
        found += right
        area += right * found / number / relevant.sum()
    assert average_precision_of(scores, relevant) == pytest.approx(area)


def test_one_threshold_for_all_queries_is_harder_than_one_for_each() -> None:
    scores = np.array([[0.9, 0.8], [0.3, 0.1]], np.float32)
    relevant = np.array([[True, False], [True, False]])
    assert mean_average_precision(scores, relevant) == 1
    assert micro_average_precision(scores, relevant) == pytest.approx((1 + 2 / 3) / 2)


def test_who_says_the_same_of_all_gains_nothing() -> None:
    relevant = np.array([[True, False, False, False]])
    assert mean_average_precision(np.zeros((1, 4), np.float32), relevant) == pytest.approx(1 / 4)
