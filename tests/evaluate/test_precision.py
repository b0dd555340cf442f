"""Average precision against a worked example, and against a slow reference."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.evaluate import (
    LandmarkQuery,
    RankingOutcome,
    average_precision,
    mean_average_precision,
    mean_precision_at,
)
from cbvir_core.evaluate.groundtruth import LandmarkSetup
from cbvir_core.evaluate.precision import judge, precision_at

LABELS = st.lists(st.sampled_from("pnj"), max_size=30)
"""A ranking: positives, negatives, junk."""


def outcome_of(labels: list[str], unranked: int = 0) -> RankingOutcome:
    """The outcome of a ranking written as letters; `unranked` positives come nowhere in it."""
    by = {kind: [at for at, label in enumerate(labels) if label == kind] for kind in "pj"}
    missing = range(len(labels), len(labels) + unranked)
    return judge(range(len(labels)), [*by["p"], *missing], by["j"])


def slow_truth(labels: list[str], positives: int) -> Fraction:
    """The area under the curve through (recall, precision), point by point, in exact numbers."""
    counted = [label for label in labels if label != "j"]
    area, before = Fraction(0), (Fraction(0), Fraction(1))
    for length in range(1, len(counted) + 1):
        found = counted[:length].count("p")
        point = (Fraction(found, positives), Fraction(found, length))
        area += (point[0] - before[0]) * (before[1] + point[1]) / 2
        before = point
    return area


def test_average_precision_of_a_worked_example() -> None:
    """The ranking p n j p n p, with a fourth positive that is not in it.

    Without the junk it is p n p n p: positives at the positions 0, 2 and 4 (counted from 0).
    Each is a step of recall 1/4; its height is the mean of the precision before and with it:

        position 0: before 1 (by definition), with 1/1    mean 1
        position 2: before 1/2,               with 2/3    mean 7/12
        position 4: before 2/4,               with 3/5    mean 11/20

    AP = 1/4 (1 + 7/12 + 11/20) = 1/4 (60 + 35 + 33)/60 = 128/240 = 8/15.
    """
    outcome = outcome_of(list("pnjpnp"), unranked=1)
    assert outcome == RankingOutcome((0, 2, 4), 4)
    assert average_precision(outcome.found, outcome.positives) == pytest.approx(8 / 15)


def test_the_three_setups_of_a_worked_example() -> None:
    """Pictures 0 to 4 in this order; 0 is easy, 3 is hard, 1 is junk; a second query has 2 as easy only.

    First query:
        easy    find 0, ignore 1 and 3:  0 2 4      position 0       AP 1
        medium  find 0 and 3, ignore 1:  0 2 3 4    positions 0, 2   AP (1 + (1/2 + 2/3)/2) / 2 = 19/24
        hard    find 3, ignore 1 and 0:  2 3 4      position 1       AP (0/1 + 1/2) / 2 = 1/4
    Second query:
        easy    find 2:  0 1 2 3 4   position 2, AP (0/2 + 1/3) / 2 = 1/6; medium the same; hard: nothing
                to find, so it does not enter the mean.
    mAP: easy (1 + 1/6)/2 = 7/12, medium (19/24 + 1/6)/2 = 23/48, hard 1/4.
    mP@1 easy: 1 and 0, mean 1/2.  mP@10 easy: the only positive is at place 1 of 3 and 3 of 5, so that
    10 is cut to 1 and 3: 1/1 and 1/3, mean 2/3.
    """
    first = LandmarkQuery("a", None, {"easy": (0,), "hard": (3,), "junk": (1,)})
    second = LandmarkQuery("b", None, {"easy": (2,), "hard": (), "junk": ()})
    ranking = [0, 1, 2, 3, 4]
    means: dict[LandmarkSetup, float] = {"easy": 7 / 12, "medium": 23 / 48, "hard": 1 / 4}
    for setup, expected in means.items():
        outcomes = [question.outcome(ranking, setup) for question in (first, second)]
        assert mean_average_precision(outcomes) == pytest.approx(expected)
    easy = [question.outcome(ranking, "easy") for question in (first, second)]
    assert mean_precision_at(easy, 1) == pytest.approx(1 / 2)
    assert mean_precision_at(easy, 10) == pytest.approx(2 / 3)


@given(LABELS, st.integers(0, 4))
def test_average_precision_is_the_area_under_the_curve(labels: list[str], unranked: int) -> None:
    outcome = outcome_of(labels, unranked)
    if outcome.positives:
        fast = average_precision(outcome.found, outcome.positives)
        assert fast == pytest.approx(float(slow_truth(labels, outcome.positives)))
        assert 0 <= fast <= 1 + 1e-12


@given(LABELS, st.integers(0, 4), st.integers(1, 12))
def test_junk_might_as_well_not_be_there(labels: list[str], unranked: int, k: int) -> None:
    clean = [label for label in labels if label != "j"]
    assert outcome_of(labels, unranked) == outcome_of(clean, unranked)


@given(LABELS, st.integers(1, 12))
def test_precision_at_k_counts_the_first_k(labels: list[str], k: int) -> None:
    clean = [label for label in labels if label != "j"]
    if "p" not in clean:
        return
    last = len(clean) - clean[::-1].index("p")
    reach = min(k, last)
    assert precision_at(outcome_of(clean), k) == pytest.approx(clean[:reach].count("p") / reach)
    assert precision_at(outcome_of(clean, unranked=1), k) == pytest.approx(clean[:k].count("p") / k)


@given(st.integers(1, 20), st.integers(0, 20))
def test_a_perfect_ranking_is_worth_one_and_an_empty_one_nothing(positives: int, others: int) -> None:
    perfect = outcome_of(["p"] * positives + ["n"] * others)
    assert average_precision(perfect.found, positives) == pytest.approx(1.0)
    assert precision_at(perfect, 10) == 1.0
    nothing = outcome_of(["n"] * others, unranked=positives)
    assert average_precision(nothing.found, positives) == precision_at(nothing, 10) == 0.0


def test_queries_without_positives_do_not_count() -> None:
    empty, found = RankingOutcome((), 0), RankingOutcome((0,), 1)
    assert mean_average_precision([empty, found]) == mean_precision_at([empty, found], 5) == 1.0
    assert mean_average_precision([empty]) is mean_precision_at([], 5) is None
    with pytest.raises(ValueError, match="positive"):
        average_precision((), 0)
    with pytest.raises(ValueError, match="positive"):
        precision_at(empty, 1)
