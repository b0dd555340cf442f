"""Every figure against numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.retrieval.metrics import RetrievalOutcome, Thresholds, average_precision, figures, threshold


def test_average_precision_is_the_mean_of_the_precisions_at_the_right_ranks() -> None:
    # right at ranks 1, 3 and 6: (1/1 + 2/3 + 3/6) / 3
    ranked = np.array([True, False, True, False, False, True])
    assert average_precision(ranked, 3) == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)


def test_what_was_not_retrieved_counts_as_nothing() -> None:
    # two of four right ones are in the shortlist, at ranks 1 and 2: (1 + 1) / 4
    assert average_precision(np.array([True, True, False]), 4) == pytest.approx(0.5)
    assert average_precision(np.array([False, False]), 2) == 0.0


def test_average_precision_wants_something_relevant() -> None:
    with pytest.raises(ValueError, match="relevant"):
        average_precision(np.array([False]), 0)


def test_threshold_leaves_one_in_a_hundred_above_it() -> None:
    scores = [number / 1000 for number in range(200)]  # 1 % of 200: two may be answered
    level = threshold(scores)
    assert level == 0.197
    assert sum(score > level for score in scores) == 2


def test_threshold_of_equal_scores_answers_fewer_never_more() -> None:
    scores = [0.9] * 5 + [0.1] * 95  # one may be answered, but five are equally sure
    assert threshold(scores) == 0.9


def test_threshold_of_fewer_than_a_hundred_answers_none() -> None:
    assert threshold([0.2, 0.7, 0.4]) == 0.7


def test_threshold_wants_scores() -> None:
    with pytest.raises(ValueError, match="scores"):
        threshold([])


def test_thresholds_pool_what_is_outside() -> None:
    clips = [0.1] * 99 + [0.8]
    foreign = [0.2] * 98 + [0.9, 0.85]
    # 1 % of 200 is two: 0.9 and 0.85 are answered, 0.8 is not; of the clips alone 0.8 is.
    assert Thresholds.of(clips, foreign) == Thresholds(outside=0.8, clips=0.1)


def test_figures_are_shares_of_the_queries() -> None:
    outcomes = [
        RetrievalOutcome(score=0.9, video=True, scene=True, precision=1.0),
        RetrievalOutcome(score=0.9, video=False, scene=False, precision=0.25),  # sure, and wrong
        RetrievalOutcome(score=0.6, video=True, scene=False, precision=0.5),
        RetrievalOutcome(score=0.3, video=True, scene=True, precision=0.75),
    ]
    got = figures(outcomes, Thresholds(outside=0.6, clips=0.5))
    assert (got.queries, got.video, got.scene, got.precision) == (4, 0.75, 0.5, 0.625)
    assert got.sure == 0.25  # 0.6 is not above 0.6
    assert got.sure_clips == 0.5


def test_figures_want_queries() -> None:
    with pytest.raises(ValueError, match="query"):
        figures([], Thresholds(0.0, 0.0))
