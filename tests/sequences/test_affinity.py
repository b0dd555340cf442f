"""Proximal affinity re-ranking against Algorithm 1, step by step, and on unit rows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cbvir_core.sequences import are_unit_rows, best_threshold, proximal_affinity
from cbvir_core.types import Floats

WHOLE = st.integers(-4, 4).map(float)
"""Whole numbers: distances are exact, and ties are many."""

ROWS = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        arrays.arrays(np.float32, width, elements=WHOLE),
        arrays.arrays(np.float32, st.tuples(st.integers(0, 24), st.just(width)), elements=WHOLE),
    )
)
THRESHOLDS = st.sampled_from([-2.0, -0.5, 0.0, 0.3, 0.77, 0.999, 1.0])


def algorithm_1(query: Floats, rows: Floats, k: int, threshold: float) -> list[int]:
    """The printed algorithm with line 11 mended: distances, sorted, the first k, each cosine by itself."""
    distances = [math.dist(query.tolist(), row.tolist()) for row in rows]
    order = sorted(range(len(rows)), key=lambda number: distances[number])[:k]
    kept = []
    for number in order:
        lengths = math.hypot(*query.tolist()) * math.hypot(*rows[number].tolist())
        product = sum(float(one) * float(other) for one, other in zip(query, rows[number], strict=True))
        cosine = product / lengths if lengths else 0.0
        if cosine > threshold:
            kept.append(number)
    return kept


@given(ROWS, st.integers(1, 30), THRESHOLDS)
def test_it_is_algorithm_1(given_rows: tuple[Floats, Floats], k: int, threshold: float) -> None:
    query, rows = given_rows
    found = proximal_affinity(query, rows, k, threshold)
    expected = algorithm_1(query, rows, k, threshold)
    if threshold != 1.0:  # there rounding decides whether the same direction passes
        assert found.positions.tolist() == expected
    assert len(found) == len(found.distances) == len(found.cosines) <= k
    assert (np.diff(found.distances) >= 0).all()
    assert (found.cosines > threshold).all()


@given(ROWS, st.integers(1, 30), THRESHOLDS)
def test_a_higher_threshold_keeps_a_part_of_the_list_in_its_order(
    given_rows: tuple[Floats, Floats], k: int, threshold: float
) -> None:
    query, rows = given_rows
    whole = proximal_affinity(query, rows, k, -2.0).positions.tolist()
    part = proximal_affinity(query, rows, k, threshold).positions.tolist()
    assert part == [number for number in whole if number in part]
    assert len(whole) == min(k, len(rows))


def unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.floats(-0.9, 0.9))
def test_of_unit_rows_it_only_cuts_the_list_off(seed: int, k: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    rows, query = (unit(rng.normal(size=shape).astype(np.float32)) for shape in ((20, 5), (5,)))
    assert are_unit_rows(rows)
    whole = proximal_affinity(query, rows, k, -2.0)
    part = proximal_affinity(query, rows, k, threshold)
    assert part.positions.tolist() == whole.positions[: len(part)].tolist()
    assert whole.positions.tolist() == np.argsort(-(rows.astype(np.float64) @ query))[:k].tolist()
    limit = math.sqrt(2 - 2 * threshold)  # the same cut-off as a distance
    assert (whole.distances < limit).sum() == pytest.approx(len(part), abs=1)


def test_features_before_normalisation_are_reordered() -> None:
    """The second nearest points elsewhere; the farthest has the direction of the query."""
    query = np.array([1.0, 0.0], np.float32)
    rows = np.array([[0.5, 0.5], [3.0, 0.1], [0.0, 0.0], [1.2, 0.0]], np.float32)
    assert not are_unit_rows(rows)
    assert proximal_affinity(query, rows, 4, -2.0).positions.tolist() == [3, 0, 2, 1]
    assert proximal_affinity(query, rows, 4, 0.9).positions.tolist() == [3, 1]
    assert proximal_affinity(query, rows, 3, 0.9).positions.tolist() == [3]


def test_the_cosine_is_that_of_the_neighbour_and_not_of_the_sample_with_its_number() -> None:
    """Line 11 as printed would compare with the first sample of the repository, which points elsewhere."""
    query = np.array([1.0, 0.0], np.float32)
    rows = np.array([[-9.0, 0.0], [1.0, 0.1]], np.float32)
    assert proximal_affinity(query, rows, 1, 0.9).positions.tolist() == [1]


def test_no_rows_and_no_neighbours() -> None:
    query = np.ones(3, np.float32)
    assert len(proximal_affinity(query, np.zeros((0, 3), np.float32), 5, 0.0)) == 0
    with pytest.raises(ValueError, match="at least 1"):
        proximal_affinity(query, np.ones((2, 3), np.float32), 0, 0.0)


def f1_of(cosines: npt.NDArray[np.float64], same: npt.NDArray[np.bool_], threshold: float) -> float:
    kept = cosines > threshold
    return 2 * int((kept & same).sum()) / (int(kept.sum()) + int(same.sum()))


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), max_size=20))
def test_no_threshold_is_better_than_the_best(pairs: list[tuple[int, bool]]) -> None:
    cosines = np.array([value / 10 for value, _ in pairs], np.float64)
    same = np.array([right for _, right in pairs], np.bool_)
    threshold = best_threshold(cosines, same)
    if not same.any():
        assert threshold == 1.0
        return
    tried = [-2.0, *(cosines + 0.05), *(cosines - 0.05)]
    assert f1_of(cosines, same, threshold) == pytest.approx(max(f1_of(cosines, same, one) for one in tried))
