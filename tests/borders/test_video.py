"""Bars of a whole video are found, also with subtitles in them; a dark film keeps its picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.borders.video import MAX_BORDER_FRAMES, MIN_BORDER_FRAMES, StableBorders, find_borders
from cbvir_core.decode import read_frames
from cbvir_core.types import Box, Image


def scene(number: int, width: int = 240, height: int = 136, low: int = 60) -> Image:
    coarse = np.random.default_rng(number).uniform(low, 210, (5, 8, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth.clip(0, 255), np.uint8)


def boxed(image: Image, bars: Box, colour: int = 0) -> Image:
    left, top, right, bottom = bars
    page = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(colour,) * 3)
    return np.asarray(page, np.uint8)


def found(images: list[Image]) -> Box | None:
    borders = StableBorders()
    for image in images:
        borders.push(image)
    return borders.box()


@pytest.mark.parametrize("colour", [0, 16, 255])
@pytest.mark.parametrize("bars", [(0, 20, 0, 20), (40, 0, 40, 0), (30, 20, 40, 24)])
def test_bars_of_all_frames(bars: Box, colour: int) -> None:
    box = found([boxed(scene(number), bars, colour) for number in range(8)])
    left, top, _, _ = bars
    assert box == (left, top, left + 240, top + 136)


def test_subtitles_in_the_bar() -> None:
    frames = [boxed(scene(number), (0, 20, 0, 36)) for number in range(20)]
    for number, frame in enumerate(frames[::2]):
        cv2.putText(
            frame, "what he said " + chr(97 + number) * 6, (30, 180), 0, 0.5, (240,) * 3, 1, cv2.LINE_AA
        )
    box = found(frames)
    assert box is not None
    assert np.abs(np.subtract(box, (0, 20, 240, 156))).max() <= 2


def test_nothing_is_decided_from_few_frames_or_the_same_one() -> None:
    borders = StableBorders()
    for number in range(MIN_BORDER_FRAMES - 1):
        for _ in range(10):
            borders.push(boxed(scene(number), (0, 20, 0, 20)))
    assert borders.evidence == MIN_BORDER_FRAMES - 1
    assert borders.box() is None
    for black in range(10):
        borders.push(np.full((176, 240, 3), black, np.uint8))
    assert borders.box() is None
    borders.push(boxed(scene(99), (0, 20, 0, 20)))
    assert borders.box() == (0, 20, 240, 156)


def test_a_part_of_the_film_without_bars_speaks_against_them() -> None:
    narrow = [boxed(scene(number), (40, 0, 40, 0)) for number in range(8)]
    wide = [scene(100 + number, 320) for number in range(3)]
    assert found(narrow) == (40, 0, 280, 136)
    assert found(narrow + wide) is None


def test_frames_that_change_their_shape_have_no_box() -> None:
    frames = [boxed(scene(number), (0, 20, 0, 20)) for number in range(8)]
    assert found([*frames, scene(50)]) is None


def test_no_more_is_held_than_needed() -> None:
    borders = StableBorders()
    for number in range(3 * MAX_BORDER_FRAMES):
        borders.push(boxed(scene(number), (0, 20, 0, 20)))
    assert borders.decided
    assert borders.evidence == MAX_BORDER_FRAMES


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), gain=st.floats(0.05, 1.0))
def test_a_film_without_bars_keeps_its_picture_however_dark(seed: int, gain: float) -> None:
    frames = [scene(seed + number, low=0) for number in range(8)]
    vignette = np.minimum.outer(*(np.sin(np.linspace(0, np.pi, side)) for side in (136, 240)))[..., None]
    assert found([(frame * vignette * gain).astype(np.uint8) for frame in frames]) is None


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("moviepy--chaplin.mp4", (58, 0, 455, 288)),
        ("threatexchange--pattern-sd-with-small-logo-bar.mp4", (22, 0, 319, 512)),
        ("moviepy--big_buck_bunny_0_30.webm", None),
        ("mmaction2--test.avi", None),  # a dark scene with black at its sides
        ("perception--rgb.m4v", None),  # one colour after the other
    ],
)
def test_real_clips(shared: Path, name: str, box: Box | None) -> None:
    assert find_borders(shared / "videos" / name, max_side=512) == box


@pytest.mark.parametrize("name", ["mmaction2--demo.mp4", "moviepy--video_with_failing_audio.mp4"])
def test_a_darkened_clip_keeps_its_picture(shared: Path, name: str) -> None:
    with read_frames(shared / "videos" / name, samples_per_s=2.0, max_side=320) as reader:
        frames = [frame.image for frame in reader]
    for gain in (0.5, 0.2, 0.1):
        assert (
            found([np.rint(255 * gain * (frame / 255) ** 1.8).astype(np.uint8) for frame in frames]) is None
        )
