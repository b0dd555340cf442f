"""Layouts distinguish views of the same colours."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.keyframes import KeyframeExtractor, KeyframeOptions, extract_keyframes
from cbvir_core.keyframes.layout import layout, likeness
from cbvir_core.types import Frame, Image, Keyframe

PATCHES = np.random.default_rng(3).integers(0, 2, (30, 45))
CLOTH = np.array([[90, 50, 30], [150, 190, 210]], np.uint8)[PATCHES]
WIDE = np.asarray(cv2.resize(CLOTH, (900, 600), interpolation=cv2.INTER_NEAREST), np.uint8)
"""Patches of two colours by chance: every part of it has nearly the same histogram."""


OURS = KeyframeOptions().layout_similarity


def view(left: int, top: int) -> Image:
    return np.ascontiguousarray(WIDE[top : top + 240, left : left + 320])


@settings(max_examples=40, deadline=None)
@given(across=st.integers(-40, 40), down=st.integers(-30, 30))
def test_a_picture_shifted_a_little_has_the_same_layout(across: int, down: int) -> None:
    assert likeness(layout(view(200 + across, 150 + down)), layout(view(200, 150))) > 0.9


def test_another_part_a_turn_and_a_negative_are_other_layouts() -> None:
    here = layout(view(200, 150))
    for other in (view(560, 340), view(200, 150)[::-1], 255 - view(200, 150)):
        assert likeness(layout(np.ascontiguousarray(other)), here) < 0.6


def test_darker_is_the_same_layout_and_one_colour_says_nothing() -> None:
    here = layout(view(200, 150))
    assert likeness(layout(view(200, 150) // 3), here) > 0.95
    assert likeness(layout(np.full((240, 320, 3), 90, np.uint8)), here) == 1.0
    assert likeness(layout(np.ascontiguousarray(view(200, 150)[:, :100])), here) == 1.0


def film(pictures: list[Image], least: float) -> list[Keyframe]:
    extractor = KeyframeExtractor(KeyframeOptions(layout_similarity=least))
    frames = [Frame(Fraction(number, 3), picture) for number, picture in enumerate(pictures)]
    return [keyframe for frame in frames for keyframe in extractor.push(frame)] + extractor.flush()


def turned(degrees: float) -> Image:
    """A square texture of one set of colours, under a camera that turns."""
    cloth = WIDE[:600, :600]
    matrix = cv2.getRotationMatrix2D((300, 300), degrees, 1.0)
    return np.ascontiguousarray(cv2.warpAffine(cloth, matrix, (600, 600))[180:420, 180:420])


def test_a_camera_that_turns_over_one_texture_has_a_keyframe_for_each_view() -> None:
    pictures = [turned(9.0 * number) for number in range(31)]
    views = film(pictures, OURS)
    assert len(views) >= 3
    assert len(views) > len(film(pictures, 0.0))
    assert all(one.scene_end_s == other.scene_start_s for one, other in pairwise(views))
    assert (views[0].scene_start_s, views[-1].scene_end_s) == (0.0, 10.0)


def test_a_camera_that_stands_still_has_one() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(view(200, 150) + rng.normal(0, 8, (240, 320, 3)), 0, 255) for _ in range(30)]
    assert (
        len(film([picture.astype(np.uint8) for picture in noisy], KeyframeOptions().layout_similarity)) == 1
    )


@pytest.mark.parametrize("name", ["learning-area--elf.mp4", "learning-area--frog.mp4"])
def test_a_walk_round_a_figure_is_more_than_one_view(shared: Path, name: str) -> None:
    clip = shared / "videos" / name
    blind = KeyframeOptions(layout_similarity=0.0)
    assert len(list(extract_keyframes(clip, blind, max_side=320))) == 1
    assert len(list(extract_keyframes(clip, max_side=320))) == 3
