"""Sixteen frames of a clip, and chunks of about ten seconds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.sequences import CHUNK_S, CLIP_STEPS, chunk_spans, step_positions


@given(st.integers(1, 500), st.integers(1, 40))
def test_positions_are_spread_evenly_and_never_outside(count: int, steps: int) -> None:
    places = step_positions(count, steps)
    assert len(places) == steps
    assert 0 <= places.min() <= places.max() < count
    assert (np.diff(places) >= 0).all()
    if count >= steps:
        assert len(set(places.tolist())) == steps
    else:  # fewer frames than steps: all of them, some twice or more
        assert set(places.tolist()) == set(range(count))
    gaps = np.diff(np.concatenate([places, [places[0] + count]]))
    assert gaps.max() - gaps.min() <= 1


def test_sixteen_of_thirty_two_are_every_second() -> None:
    assert step_positions(2 * CLIP_STEPS).tolist() == list(range(1, 32, 2))
    assert step_positions(1).tolist() == [0] * CLIP_STEPS
    with pytest.raises(ValueError, match="0 frames"):
        step_positions(0)


@given(st.floats(0.01, 5000.0))
def test_chunks_are_equal_near_to_ten_seconds_and_leave_nothing_out(duration_s: float) -> None:
    spans = chunk_spans(duration_s)
    assert spans[0][0] == 0.0
    assert spans[-1][1] == pytest.approx(duration_s)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    lengths = [end_s - start_s for start_s, end_s in spans]
    assert max(lengths) == pytest.approx(min(lengths))
    if duration_s >= CHUNK_S:
        assert CHUNK_S / 1.5 <= lengths[0] <= CHUNK_S * 1.5
    assert chunk_spans(0.0) == [(0.0, 0.0)]
