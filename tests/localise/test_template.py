"""A part of a frame is found in its thumbnail, wherever it lies there, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbvir_core.decode import thumbnail
from cbvir_core.localise import find_template
from cbvir_core.localise.template import MAX_TEMPLATE_THUMBNAILS
from cbvir_core.types import Image, Thumbnails

WIDTH, HEIGHT = 640, 360


def frame(seed: int) -> Image:
    """A frame with content of many sizes, as films have it."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.integers(0, 255, (rows, rows * 16 // 9, 3), np.uint8), (WIDTH, HEIGHT))
        for rows in (5, 12, 40)
    ]
    return np.asarray(np.mean(layers, axis=0), np.uint8)


FRAMES = [frame(seed) for seed in range(6)]
SCENE = Thumbnails(np.arange(6) / 3, np.stack([thumbnail(one) for one in FRAMES]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.floats(0.3, 1.0), st.floats(0, 1), st.floats(0, 1), st.booleans())
@example(3, 0.625, 0.0, 0.90625, False)
def test_a_part_is_found_in_its_own_thumbnail(
    number: int, share: float, across: float, down: float, mirrored: bool
) -> None:
    width, height = round(WIDTH * share), round(HEIGHT * share)
    left, top = round((WIDTH - width) * across), round((HEIGHT - height) * down)
    part = FRAMES[number][top : top + height, left : left + width]
    part = np.ascontiguousarray(part[:, ::-1] if mirrored else part)
    found = find_template(SCENE, part)
    assert found is not None
    assert found.time_s == pytest.approx(number / 3)
    assert found.correlation >= 0.8  # a little less than likely between two of the shares


@pytest.mark.parametrize("seed", range(10, 20))
def test_another_picture_is_not(seed: int) -> None:
    found = find_template(SCENE, frame(seed))
    assert found is not None
    assert not found.is_likely


def test_a_picture_without_content_is_not_looked_for() -> None:
    assert find_template(SCENE, np.full((90, 160, 3), 77, np.uint8)) is None


def test_no_thumbnails_hold_nothing() -> None:
    none = Thumbnails(np.zeros(0), np.zeros((0, 72, 128), np.uint8))
    assert find_template(none, FRAMES[0]) is None


def test_of_a_long_scene_some_are_compared_and_the_ends_are_among_them() -> None:
    count = 3 * MAX_TEMPLATE_THUMBNAILS
    numbers = np.arange(count)
    frames = np.stack([SCENE.frames[0]] * (count - 1) + [SCENE.frames[1]])
    found = find_template(Thumbnails(numbers / 3, frames), FRAMES[1])
    assert found is not None
    assert found.time_s == pytest.approx((count - 1) / 3)


def test_a_portrait_part_and_a_tiny_one_are_compared_too() -> None:
    narrow = np.ascontiguousarray(FRAMES[2][:, 200:330])
    found = find_template(SCENE, narrow)
    assert found is not None
    assert found.time_s == pytest.approx(2 / 3)
    assert find_template(SCENE, FRAMES[2][:40, :1]) is None
