"""Paths through similarity matrices, and the segments that they are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.align import FrameTimes, SimilarityMatrix, best_path, find_segments, frame_similarities
from cbvir_core.align.path import STEP_PENALTIES
from cbvir_core.types import Floats

STEP_S = 1 / 3


def features(count: int, seed: int) -> Floats:
    """Unit rows of frames that change, so that neighbours are alike and others are not."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count + 8, 64))
    smooth = sum(rows[offset : offset + count] for offset in range(2))
    return np.asarray(smooth / np.linalg.norm(smooth, axis=1, keepdims=True), np.float32)


def times(count: int) -> FrameTimes:
    return np.asarray(np.arange(count) * STEP_S, np.float64)


def matrix(query: Floats, film: Floats) -> SimilarityMatrix:
    return SimilarityMatrix(times(len(query)), times(len(film)), np.asarray(query @ film.T, np.float32))


def span_of(query: Floats) -> tuple[float, float]:
    return 0.0, len(query) * STEP_S


def at_speed(film: Floats, start: int, count: int, speed: float) -> Floats:
    """Frames of a film from `start` on, at a speed: each the nearest one."""
    return np.asarray(film[np.rint(start + np.arange(count) * speed).astype(int)], np.float32)


FILM = features(300, 1)


def slow_best_score(scores: Floats) -> float:
    """The highest score of any path, by trying every one."""
    queries, frames = scores.shape
    best = 0.0

    def follow(query: int, frame: int, score: float) -> None:
        nonlocal best
        score += float(scores[query, frame])
        best = max(best, score)
        if query + 1 < queries:
            for size, penalty in enumerate(STEP_PENALTIES):
                if frame + size < frames:
                    follow(query + 1, frame + size, score - penalty)

    for query, frame in product(range(queries), range(frames)):
        follow(query, frame, 0.0)
    return best


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_the_path_is_the_best_of_all(queries: int, frames: int, seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(-0.5, 0.5, (queries, frames)).astype(np.float32)
    path = best_path(scores)
    truth = slow_best_score(scores)
    if path is None:
        assert truth == 0.0
        return
    assert path.score == pytest.approx(truth, abs=1e-5)
    steps = np.diff(path.frames)
    assert (np.diff(path.queries) == 1).all()
    assert ((steps >= 0) & (steps < len(STEP_PENALTIES))).all()
    cost = sum(STEP_PENALTIES[step] for step in steps)
    assert float(scores[path.queries, path.frames].sum()) - cost == pytest.approx(path.score, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 200),
    st.integers(12, 40),
    st.sampled_from([0.8, 1.0, 1.25, 1.5]),
    st.booleans(),
)
def test_a_piece_of_a_film_is_one_segment(start: int, count: int, speed: float, backwards: bool) -> None:
    query = at_speed(FILM, start, count, speed)
    query = query[::-1] if backwards else query
    (found, *others) = find_segments(matrix(query, FILM), span_of(query))
    assert not others
    assert found.is_reversed == backwards
    assert found.speed == pytest.approx(speed, rel=0.1)
    assert found.query == pytest.approx(span_of(query))
    first, last = start * STEP_S, (start + (count - 1) * speed) * STEP_S
    half = STEP_S / 2 * speed
    assert found.span == pytest.approx((max(0.0, first - half), last + half), abs=0.5)


def test_pieces_in_another_order_are_segments_of_their_own() -> None:
    query = np.concatenate([FILM[200:220], FILM[40:60], FILM[200:220]])
    found = sorted(find_segments(matrix(query, FILM), span_of(query)), key=lambda one: one.query)
    assert [round(one.span[0] / STEP_S / 10) * 10 for one in found] == [200, 40, 200]
    assert [len(one.path) for one in found] == [20, 20, 20]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 200), st.integers(0, 10_000), st.booleans())
def test_the_speed_of_the_film_is_taken_where_it_fits(start: int, seed: int, backwards: bool) -> None:
    """Times are a third of a second apart; noise of that size alone makes no other speed."""
    noisy = FILM[start : start + 24] + 0.05 * np.random.default_rng(seed).normal(size=(24, 64))
    query = np.asarray(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), np.float32)
    (found, *_) = find_segments(matrix(query[::-1] if backwards else query, FILM), span_of(query))
    assert found.speed == 1.0
    assert found.span[1] - found.span[0] <= found.query[1] - found.query[0] + 1e-9


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_another_speed_is_told_from_that_of_the_film(speed: float) -> None:
    query = at_speed(FILM, 30, 60, speed)
    (found, *_) = find_segments(matrix(query, FILM), span_of(query))
    assert found.speed == pytest.approx(speed, abs=0.02)


def test_a_picture_that_stands_still_has_no_speed() -> None:
    query = np.repeat(FILM[50:51], 12, axis=0)
    (found, *_) = find_segments(matrix(query, FILM), span_of(query))
    assert found.speed < 0.2
    assert found.span[0] == pytest.approx(50 * STEP_S, abs=0.5)


@pytest.mark.parametrize("seed", range(5))
def test_another_film_has_no_segment(seed: int) -> None:
    query = features(40, 100 + seed)
    assert find_segments(matrix(query, FILM), span_of(query)) == []


def test_an_empty_film_has_no_segment() -> None:
    empty = SimilarityMatrix(np.arange(3.0), np.zeros(0), np.zeros((3, 0), np.float32))
    assert find_segments(empty, (0.0, 3.0)) == []
    with pytest.raises(ValueError, match="do not fit"):
        SimilarityMatrix(np.arange(3.0), np.zeros(2), np.zeros((3, 3), np.float32))


def views(count: int, seed: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(count, 5, 16))
    return np.asarray(rows / np.linalg.norm(rows, axis=2, keepdims=True), np.float32)


def test_chamfer_similarity_is_the_same_both_ways_round() -> None:
    one, other = views(4, 1), views(3, 2)
    there, back = frame_similarities(one, other), frame_similarities(other, one)
    np.testing.assert_allclose(there, back.T, atol=1e-6)
    np.testing.assert_allclose(np.diag(frame_similarities(one, one)), 1.0, atol=1e-5)
    slow = np.mean([max(float(row @ column) for column in other[1]) for row in one[2]])
    slow += np.mean([max(float(row @ column) for column in one[2]) for row in other[1]])
    assert there[2, 1] == pytest.approx(slow / 2, abs=1e-5)
