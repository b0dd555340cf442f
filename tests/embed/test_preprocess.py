"""Preprocessing: scaling and normalising."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.embed.preprocess import batches, input_size, prepare
from cbvir_core.weights import Preprocess

SQUARE = Preprocess(224, 224)


def test_a_flat_picture_becomes_its_normalised_colour() -> None:
    image = np.full((50, 90, 3), (255, 0, 51), np.uint8)
    prepared = prepare(image, (224, 224), SQUARE)
    assert prepared.shape == (3, 224, 224)
    assert prepared.dtype == np.float32
    for channel, value in enumerate((1.0, 0.0, 0.2)):
        expected = (value - SQUARE.mean[channel]) / SQUARE.std[channel]
        np.testing.assert_allclose(prepared[channel], expected, atol=1e-5)


def test_shrinking_averages_and_keeps_the_borders() -> None:
    image = np.zeros((448, 448, 3), np.uint8)
    image[:, :2] = 255
    plain = Preprocess(224, 224, mean=(0, 0, 0), std=(1, 1, 1))
    prepared = prepare(image, (224, 224), plain)
    np.testing.assert_allclose(prepared[:, :, 0], 1)
    np.testing.assert_allclose(prepared[:, :, 1:], 0)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(288, 512, (288, 512)), (1080, 1920, (288, 512)), (240, 320, (384, 512)), (20, 2000, (32, 512))],
)
def test_long_side_keeps_the_aspect(height: int, width: int, expected: tuple[int, int]) -> None:
    assert input_size(np.zeros((height, width, 3), np.uint8), Preprocess(long_side=512)) == expected


def test_scales() -> None:
    image = np.zeros((288, 512, 3), np.uint8)
    assert input_size(image, Preprocess(long_side=512), 0.5) == (160, 256) or input_size(
        image, Preprocess(long_side=512), 0.5
    ) == (128, 256)
    assert input_size(image, SQUARE, 0.5) == (112, 112)


@settings(max_examples=40, deadline=None)
@given(
    shapes=st.lists(st.sampled_from([(90, 160), (120, 160), (160, 90)]), max_size=12),
    pixels=st.integers(1, 40_000),
)
def test_batches_hold_every_picture_once(shapes: list[tuple[int, int]], pixels: int) -> None:
    images = [np.full((*shape, 3), n, np.uint8) for n, shape in enumerate(shapes)]
    plain = Preprocess(long_side=64, mean=(0, 0, 0), std=(1, 1, 1))
    seen: list[int] = []
    for positions, batch in batches(images, plain, 1.0, pixels):
        assert len(batch) == len(positions)
        assert len(batch) == 1 or batch[0, 0].size * len(batch) <= pixels
        for position, prepared in zip(positions, batch, strict=True):
            np.testing.assert_allclose(prepared, position / 255, atol=1e-6)
        seen += positions
    assert sorted(seen) == list(range(len(images)))
