from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cbvir_core.keyframes.histogram import HISTOGRAM_SIDE, block_histogram, shrink

BINS = (8, 4, 4)


def plain_equation_1(picture: np.ndarray, bins: tuple[int, int, int]) -> np.ndarray:
    """Equation 1 by a loop over pixels."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    height, width = hsv.shape[:2]
    result = np.zeros((3, 3, *bins))
    for p in range(3):
        for q in range(3):
            rows = hsv[p * height // 3 : (p + 1) * height // 3]
            block = rows[:, q * width // 3 : (q + 1) * width // 3].reshape(-1, 3)
            for h, s, v in block.astype(int):
                result[p, q, h * bins[0] // 180, s * bins[1] // 256, v * bins[2] // 256] += 1 / len(block)
    return result.ravel()


def test_is_equation_1_in_every_block() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    np.testing.assert_allclose(block_histogram(picture, BINS), plain_equation_1(picture, BINS), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_every_block_sums_to_one_whatever_the_size(picture: np.ndarray) -> None:
    vector = block_histogram(picture, BINS)
    assert vector.shape == (9 * 128,)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector.reshape(9, -1).sum(axis=1), 1, atol=1e-5)


def test_layout_matters_and_order_inside_a_block_does_not() -> None:
    left_red = np.zeros((90, 90, 3), np.uint8)
    left_red[:, :30, 0] = 255
    right_red = left_red[:, ::-1].copy()
    assert block_histogram(left_red, BINS) @ block_histogram(right_red, BINS) < 4
    rolled = left_red.copy()
    rolled[:30, :30] = (
        np.random.default_rng(0).permutation(rolled[:30, :30].reshape(-1, 3)).reshape(30, 30, 3)
    )
    np.testing.assert_array_equal(block_histogram(rolled, BINS), block_histogram(left_red, BINS))


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (90, 160), (1, 5000), (1, 1)])
def test_shrinking_keeps_shape_and_colours(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
    small = shrink(picture)
    assert max(small.shape[:2]) == min(HISTOGRAM_SIDE, max(size))
    assert min(small.shape[:2]) == max(1, round(min(size) * min(1, HISTOGRAM_SIDE / max(size))))
    assert {tuple(p) for p in small[0]} <= {tuple(p) for p in picture.reshape(-1, 3)}


def test_counting_the_small_picture_is_counting_the_large_one() -> None:
    coarse = np.random.default_rng(3).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    large = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC)
    a, b = block_histogram(shrink(large), BINS), block_histogram(large, BINS)
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.999
