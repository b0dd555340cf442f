"""Values that depend on the share of the budget that is spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.train.recipe import SizeStage
from cbvir_core.train.schedule import FINAL_LEARNING_RATE_SHARE, learning_rate, side_at, step_cost, strength

share = st.floats(0.0, 1.0)
inner = st.floats(0.01, 0.9)


@given(share, inner)
def test_the_rate_stays_within_its_bounds(spent: float, warmup: float) -> None:
    assert 0.999 * FINAL_LEARNING_RATE_SHARE <= learning_rate(spent, 1.0, warmup) <= 1.0


@given(share, share, inner)
def test_the_rate_rises_in_the_warmup_and_falls_behind_it(a: float, b: float, warmup: float) -> None:
    low, high = sorted((a, b))
    before, after = learning_rate(low, 1.0, warmup), learning_rate(high, 1.0, warmup)
    if high < warmup:
        assert before <= after
    elif low >= warmup:
        assert before >= after - 1e-12


def test_the_rate_at_the_corners() -> None:
    assert learning_rate(0.1, 2.0, 0.1) == pytest.approx(2.0)
    assert learning_rate(0.05, 2.0, 0.1) == pytest.approx(1.0)
    assert learning_rate(1.0, 2.0, 0.1) == pytest.approx(2.0 * FINAL_LEARNING_RATE_SHARE)
    assert learning_rate(1.3, 2.0, 0.1) == pytest.approx(2.0 * FINAL_LEARNING_RATE_SHARE)


@given(share, share, st.floats(0.0, 1.0))
def test_strength_only_grows_up_to_one(a: float, b: float, ramp: float) -> None:
    low, high = sorted((a, b))
    assert 0.3 <= strength(low, ramp) <= strength(high, ramp) <= 1.0
    assert strength(1.0, ramp) == 1.0


def test_side_is_that_of_the_last_stage_begun() -> None:
    stages = (SizeStage(0.2, 96), SizeStage(0.5, 112), SizeStage(0.9, 128))
    assert [side_at(spent, stages) for spent in (0.0, 0.2, 0.49, 0.5, 0.95, 1.2)] == [
        96,
        96,
        96,
        112,
        128,
        128,
    ]


@given(st.floats(0.0, 1e6), st.floats(0.1, 10.0))
def test_a_pause_costs_no_more_than_the_limit(elapsed_s: float, limit_s: float) -> None:
    assert step_cost(elapsed_s, limit_s) == (elapsed_s if elapsed_s < limit_s else limit_s)
