"""Plain bars are found; content, however dark, is not taken for a bar."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.borders.still import content_box
from cbvir_core.types import Image

COLOURS = [(0, 0, 0), (16, 16, 16), (255, 255, 255), (128, 128, 128), (20, 60, 40)]


def textured(seed: int, width: int = 320, height: int = 180, low: int = 70, high: int = 200) -> Image:
    """Smooth noise over the whole range, so that no border of it looks like a bar."""
    coarse = np.random.default_rng(seed).uniform(low, high, (9, 16, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth.clip(0, 255), np.uint8)


def boxed(image: Image, colour: tuple[int, int, int], bars: tuple[int, int, int, int]) -> Image:
    left, top, right, bottom = bars
    height, width = image.shape[:2]
    canvas = np.full((height + top + bottom, width + left + right, 3), colour, np.uint8)
    canvas[top : top + height, left : left + width] = image
    return canvas


def jpeg(image: Image, quality: int) -> Image:
    data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(np.ascontiguousarray(decoded[..., ::-1]), np.uint8)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    "bars", [(0, 40, 0, 40), (60, 0, 60, 0), (50, 30, 50, 30), (0, 50, 0, 0), (0, 20, 0, 60)]
)
def test_box_is_exact_without_noise(colour: tuple[int, int, int], bars: tuple[int, int, int, int]) -> None:
    content = textured(1, low=30, high=110) if colour[0] >= 128 else textured(1)
    left, top, _, _ = bars
    assert content_box(boxed(content, colour, bars)) == (left, top, left + 320, top + 180)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    colour=st.sampled_from([(0, 0, 0), (16, 16, 16), (255, 255, 255)]),
    across=st.integers(24, 200),
    down=st.integers(24, 200),
    kind=st.sampled_from(["letter", "pillar", "window"]),
    quality=st.integers(50, 95),
)
def test_bars_survive_jpeg(
    seed: int, colour: tuple[int, int, int], across: int, down: int, kind: str, quality: int
) -> None:
    across, down = (across if kind != "letter" else 0), (down if kind != "pillar" else 0)
    content = textured(seed, low=30, high=150) if colour[0] > 128 else textured(seed)
    found = content_box(jpeg(boxed(content, colour, (across, down, across, down)), quality))
    assert found is not None
    assert np.abs(np.subtract(found, (across, down, across + 320, down + 180))).max() <= 8


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), brightness=st.integers(0, 60), contrast=st.integers(0, 120))
def test_dark_content_is_not_eaten(seed: int, brightness: int, contrast: int) -> None:
    """A smooth picture has no straight edge from side to side, however dark its margins are."""
    image = textured(seed, low=brightness, high=brightness + contrast)
    assert content_box(jpeg(image, 80)) is None


def test_night_sky_above_a_skyline_stays() -> None:
    image = np.zeros((180, 320, 3), np.uint8)
    rng = np.random.default_rng(0)
    for x in range(0, 320, 20):
        image[int(rng.integers(60, 150)) :, x : x + 20] = rng.integers(60, 200, 3)
    assert content_box(jpeg(image, 85)) is None


def test_dark_content_next_to_a_bar_is_cut_like_the_opposite_side() -> None:
    content = textured(3)
    for x in range(0, 320, 32):  # the film is black at its upper edge, down to a skyline
        content[: 20 + x // 4, x : x + 32] = 0
    assert content_box(boxed(content, (0, 0, 0), (0, 40, 0, 40))) == (0, 40, 320, 220)


def test_frame_within_a_frame() -> None:
    film = boxed(textured(4), (0, 0, 0), (0, 30, 0, 30))
    page = boxed(film, (255, 255, 255), (60, 60, 60, 60))
    assert content_box(page) == (60, 90, 380, 270)


@pytest.mark.parametrize("value", [0, 255, 90])
def test_one_colour_has_no_box(value: int) -> None:
    assert content_box(np.full((90, 160, 3), value, np.uint8)) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 10_000))
def test_any_picture_gives_a_box_inside_it(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 2, (height, width, 1)).repeat(3, 2).astype(np.uint8) * 255
    found = content_box(image)
    if found is not None:
        left, top, right, bottom = found
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
