from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.keyframes.basis import SlidingBasis, SubMatrixBasis
from cbvir_core.keyframes.select import cosine
from cbvir_core.types import Floats


def film_like(samples: int, seed: int = 0, shot: int = 12) -> Floats:
    """Vectors of shots: each shot one random histogram with a little noise on every sample."""
    rng = np.random.default_rng(seed)
    shots = rng.exponential(1, (samples // shot + 1, 300)) ** 2
    rows = np.repeat(shots, shot, axis=0)[:samples] + rng.exponential(0.2, (samples, 300))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)


def test_the_sub_matrix_basis_is_the_truncated_svd() -> None:
    rows = film_like(40)
    _, _, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    ours = SubMatrixBasis(rows, rank=5).project(rows[7])
    np.testing.assert_allclose(np.sort(np.abs(ours)), np.sort(np.abs(right[:5] @ rows[7])), atol=1e-5)


def test_at_full_rank_nothing_is_lost() -> None:
    rows = film_like(30)
    basis = SubMatrixBasis(rows, rank=1000)
    for a, b in ((0, 1), (0, 20), (5, 29)):
        assert cosine(basis.project(rows[a]), basis.project(rows[b])) == pytest.approx(
            cosine(rows[a], rows[b]), abs=1e-4
        )


def test_a_single_sample_and_equal_samples_have_a_basis() -> None:
    row = film_like(1)
    for rows in (row, np.repeat(row, 9, axis=0)):
        assert np.linalg.norm(SubMatrixBasis(rows, 16).project(row[0])) == pytest.approx(
            np.linalg.norm(row), rel=1e-4
        )


@pytest.mark.parametrize("samples", [3, 50, 130, 400])
def test_the_sliding_basis_is_close_to_the_exact_one(samples: int) -> None:
    rows = film_like(samples)
    sliding = SlidingBasis(window=60, rank=8)
    for row in rows:
        sliding.push(row)
    window = rows[-60:]
    exact = SubMatrixBasis(window, rank=8)
    kept = [np.linalg.norm(basis.project(row)) ** 2 for basis in (sliding, exact) for row in window]
    assert sum(kept[: len(window)]) > 0.999 * sum(kept[len(window) :])
    for row in window[-12:]:
        ours = cosine(sliding.project(row), sliding.project(window[0]))
        assert ours == pytest.approx(cosine(exact.project(row), exact.project(window[0])), abs=0.05)


def test_projecting_never_makes_a_vector_longer() -> None:
    rows, sliding = film_like(200, seed=4), SlidingBasis(window=60, rank=16)
    for row in rows:
        sliding.push(row)
        assert np.linalg.norm(sliding.project(rows[0])) <= np.linalg.norm(rows[0]) * 1.001


def test_a_new_scene_is_seen_only_once_the_basis_knows_it() -> None:
    """Why judgement waits: fitted on the old scene alone, the basis finds the new one alike."""
    rows, sliding = film_like(36, shot=30), SlidingBasis(window=60, rank=1)
    for row in rows[:30]:
        sliding.push(row)
    blind = cosine(sliding.project(rows[0]), sliding.project(rows[32]))
    fresh = SlidingBasis(window=60, rank=16)
    for row in rows:
        fresh.push(row)
    assert blind == pytest.approx(1, abs=1e-3)
    assert cosine(fresh.project(rows[0]), fresh.project(rows[32])) < 0.8


def test_zero_vectors_do_no_harm() -> None:
    sliding = SlidingBasis(window=10, rank=4)
    for _ in range(15):
        sliding.push(np.zeros(20, np.float32))
    assert cosine(sliding.project(np.ones(20, np.float32)), sliding.project(np.zeros(20, np.float32))) == 0


def test_a_film_that_stands_still_does_not_fill_the_window() -> None:
    rng = np.random.default_rng(8)
    seen = [rng.random(40).astype(np.float32) for _ in range(5)]
    basis, still = SlidingBasis(12, 8), rng.random(40).astype(np.float32)
    for vector in seen:
        basis.push(vector)
    for _ in range(30):
        basis.push(still)
    kept = [np.linalg.norm(basis.project(vector)) / np.linalg.norm(vector) for vector in (*seen, still)]
    assert min(kept) > 0.999
