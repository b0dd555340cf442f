"""Exact neighbours, projection, tail and compaction policy, each alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cbvir_core.index.compact import CompactionPolicy, Merge, Seal, SegmentSize, next_step
from cbvir_core.index.neighbours import NO_NEIGHBOURS, Neighbours, distances, merged, nearest
from cbvir_core.index.projection import Projection
from cbvir_core.index.tail import Tail
from cbvir_core.types import RowNumbers, Rows


def matrix(count: int, dim: int = 6, seed: int = 0) -> Rows:
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)


@given(st.integers(0, 120), st.integers(0, 130), st.integers(0, 9))
def test_nearest_is_sorting_everything(count: int, k: int, seed: int) -> None:
    vectors, query = matrix(count, seed=seed), matrix(1, seed=99)[0]
    rows = np.arange(count, dtype=np.int64)[::-1] * 3
    found = nearest(query, rows, vectors, k)
    exact = np.linalg.norm(vectors - query, axis=1)
    order = np.lexsort((rows, exact))[:k]
    np.testing.assert_array_equal(found.rows, rows[order])
    np.testing.assert_allclose(found.distances, exact[order], rtol=1e-5)


def test_very_near_rows_keep_their_order() -> None:
    query = matrix(1, dim=1280)[0]
    query /= np.linalg.norm(query)
    steps = np.linspace(1e-3, 1e-2, 80, dtype=np.float32)
    vectors = np.repeat(query[np.newaxis], 80, axis=0)
    vectors[:, 0] += steps
    found = nearest(query, np.arange(80), vectors, 10)
    assert found.rows.tolist() == list(range(10))
    np.testing.assert_allclose(found.distances, steps[:10], rtol=0.01)


def test_merged_answers_are_one_sorted_answer() -> None:
    one = Neighbours(np.array([5, 1]), np.array([0.1, 0.5], dtype=np.float32))
    two = Neighbours(np.array([7, 2]), np.array([0.1, 0.2], dtype=np.float32))
    assert merged([one, NO_NEIGHBOURS, two], 3).rows.tolist() == [5, 7, 2]
    assert merged([], 3).rows.tolist() == []


def test_the_projection_keeps_the_variance_asked_for_and_shortens_distances(tmp_path: Path) -> None:
    rows = matrix(500, dim=20) * (0.8 ** np.arange(20)).astype(np.float32) + 3.0
    projection = Projection.fit(rows, 0.9)
    kept = projection.apply(rows)
    assert 0.9 <= kept.var(axis=0).sum() / rows.var(axis=0).sum() < 0.95
    assert projection.dimensions < 20
    assert (distances(kept[0], kept) <= distances(rows[0], rows) + 1e-4).all()
    projection.save(tmp_path / "p.npz")
    np.testing.assert_array_equal(Projection.load(tmp_path / "p.npz").apply(rows), kept)
    whole = Projection.fit(rows, 1.0).apply(rows)
    np.testing.assert_allclose(distances(whole[0], whole), distances(rows[0], rows), atol=1e-3)


@pytest.mark.parametrize("rows", [matrix(1), np.ones((5, 6), dtype=np.float32)])
def test_a_sample_without_variance_can_be_projected(rows: Rows) -> None:
    assert Projection.fit(rows, 0.9).apply(rows).shape == (len(rows), 1)


@given(
    st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 60), max_size=20)), max_size=12),
    st.integers(0, 30),
)
def test_the_tail_holds_what_was_added_and_not_removed(
    steps: list[tuple[bool, set[int]]], capacity: int
) -> None:
    every = matrix(61)
    tail = Tail(capacity)
    model: dict[int, None] = {}

    def read(rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        return rows, every[rows]

    views = []
    for add, numbers in steps:
        rows = np.array(sorted(numbers), dtype=np.int64)
        if add:
            rows = rows[~np.isin(rows, list(model))] if model else rows
            tail.extend(rows, read)
            model.update(dict.fromkeys(rows.tolist()))
        else:
            tail.remove(rows, read)
            model = {row: None for row in model if row not in numbers}
        views.append((tail.view(), list(model)))
    for view, held in views:  # older views stay as they were
        assert view.all_rows().tolist() == held
        assert len(view.rows) == min(len(held), max(capacity, 0))
        np.testing.assert_array_equal(view.vectors, every[view.rows].reshape(view.vectors.shape))
        expected = nearest(every[0], np.array(held, dtype=np.int64), every[held], 5)
        assert view.search(every[0], 5, read).rows.tolist() == expected.rows.tolist()


SIZES = st.lists(
    st.integers(1, 3000).flatmap(lambda n: st.builds(SegmentSize, st.just(n), st.integers(0, n)))
)


@pytest.mark.parametrize("before", [0, 3])
def test_rows_that_are_forgotten_while_they_are_read_leave_the_tail_as_it_was(before: int) -> None:
    """The store returns nothing for them, not even the width of a row."""
    every, tail = matrix(9), Tail(100)
    tail.extend(np.arange(before), lambda rows: (rows, every[rows]))
    tail.extend(np.arange(4, 7), lambda rows: (rows[:0], np.zeros((0, 0), np.float32)))
    assert tail.view().all_rows().tolist() == list(range(before))
    tail.extend(np.array([8]), lambda rows: (rows, every[rows]))
    assert tail.view().all_rows().tolist() == [*range(before), 8]


@given(SIZES, st.integers(0, 500))
@example([SegmentSize(1)] * 14 + [SegmentSize(2001), SegmentSize(1499)], 500)
def test_the_policy_comes_to_rest_with_few_segments(sizes: list[SegmentSize], tail: int) -> None:
    """However the segments came to be: forgetting leaves small ones between large ones.

    Two neighbours that do not fit into one hold more than `largest` rows, and between such places each
    segment outweighs the newer ones.
    """
    policy, steps = CompactionPolicy(seal_at=50, largest=4000), 0
    rows = sum(size.live for size in sizes) + tail
    while (step := next_step(sizes, tail, policy)) is not None:
        steps += 1
        assert steps < 500
        if isinstance(step, Seal):
            assert 0 < step.rows <= tail
            sizes, tail = [*sizes, SegmentSize(step.rows)], tail - step.rows
        else:
            assert 0 <= step.first <= step.last < len(sizes)
            live = sum(size.live for size in sizes[step.first : step.last + 1])
            assert live <= policy.largest or step.first == step.last
            sizes = [*sizes[: step.first], *([SegmentSize(live)] if live else []), *sizes[step.last + 1 :]]
    assert rows == sum(size.live for size in sizes) + tail
    assert tail < policy.seal_at
    assert all(size.dead <= policy.dead_share * size.rows for size in sizes)
    places = 1 + 2 * rows / policy.largest
    assert len(sizes) <= places * (2 + math.log2(1 + policy.largest))


@given(st.lists(st.integers(1, 500), max_size=40))
def test_rows_that_are_only_added_end_in_a_few_full_segments_and_a_logarithm_of_others(
    added: list[int],
) -> None:
    policy, tail = CompactionPolicy(seal_at=50, largest=4000), 0
    sizes: list[SegmentSize] = []
    for rows in added:
        tail += rows
        while (step := next_step(sizes, tail, policy)) is not None:
            if isinstance(step, Seal):
                sizes, tail = [*sizes, SegmentSize(step.rows)], tail - step.rows
            else:
                live = sum(size.live for size in sizes[step.first : step.last + 1])
                sizes = [*sizes[: step.first], SegmentSize(live), *sizes[step.last + 1 :]]
    assert len(sizes) <= 3 + 2 * sum(added) / policy.largest + math.log2(1 + sum(added))


def test_a_growing_index_writes_each_row_a_logarithm_of_times() -> None:
    policy, written = CompactionPolicy(seal_at=100, largest=10**9), 0
    sizes: list[SegmentSize] = []
    for _ in range(1000):
        sizes.append(SegmentSize(100))
        written += 100
        while isinstance(step := next_step(sizes, 0, policy), Merge):
            live = sum(size.live for size in sizes[step.first :])
            sizes, written = [*sizes[: step.first], SegmentSize(live)], written + live
    assert len(sizes) <= 1 + math.log2(1000)
    assert written / 100_000 <= 1 + math.log2(1000)


def test_a_segment_of_which_all_is_forgotten_goes() -> None:
    assert next_step([SegmentSize(10, dead=10)], 0, CompactionPolicy(seal_at=4096, largest=10**6)) == Merge(
        0, 0
    )
    assert next_step([], 0, CompactionPolicy(seal_at=4096, largest=10**6)) is None
