from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.keyframes.select import (
    CANDIDATES_PER_CLUSTER,
    FrameSample,
    KeyframeCandidates,
    PictureQuality,
    cosine,
    picture_quality,
)
from cbvir_core.types import Frame, Image


@pytest.fixture
def sharp() -> Image:
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (12, 20, 3), dtype=np.uint8)
    picture = np.asarray(cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC), np.uint8)
    cv2.putText(picture, "cbvir", (40, 100), cv2.FONT_HERSHEY_DUPLEX, 3, (255, 255, 255), 4)
    return picture


@pytest.mark.parametrize(("grey", "empty"), [(0, True), (10, True), (255, True), (128, False)])
def test_one_colour_has_no_quality_and_black_and_white_are_empty(grey: int, empty: bool) -> None:
    assert picture_quality(np.full((180, 320, 3), grey, np.uint8)) == PictureQuality(0.0, empty)


def test_pure_colours_are_not_empty() -> None:
    assert picture_quality(np.full((180, 320, 3), (255, 0, 0), np.uint8)) == PictureQuality(0.0, False)


def test_blur_fade_and_dissolve_lower_the_quality(sharp: Image) -> None:
    best = picture_quality(sharp).value
    assert 0 < best <= 1
    other = cv2.flip(cv2.rotate(cv2.resize(sharp, (180, 320)), cv2.ROTATE_90_CLOCKWISE), 1)
    for worse in (
        cv2.GaussianBlur(sharp, (0, 0), 2),
        cv2.blur(sharp, (15, 1)),
        cv2.convertScaleAbs(sharp, alpha=0.3),
        cv2.addWeighted(sharp, 0.5, other, 0.5, 0),
    ):
        assert picture_quality(worse).value < 0.9 * best


NOWHERE = np.zeros((2, 2), np.float32)


def candidate(number: int, quality: float, angle: float) -> FrameSample:
    vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
    return FrameSample(
        Frame(Fraction(number), np.zeros((1, 1, 3), np.uint8)),
        vector,
        PictureQuality(quality, False),
        NOWHERE,
    )


def test_sharp_and_near_the_centroid_wins() -> None:
    centroid, candidates = np.array([1, 0], np.float32), KeyframeCandidates()
    for number, (quality, angle) in enumerate([(0.5, 0.0), (0.6, 0.02), (0.7, 0.5), (0.2, 0.0)]):
        candidates.offer(candidate(number, quality, angle), centroid)
    assert candidates.best(centroid).time_s == 1


def test_few_pictures_are_held_and_a_panning_camera_gives_the_middle() -> None:
    candidates, total = KeyframeCandidates(), np.zeros(2, np.float32)
    for number in range(50):
        sample = candidate(number, 0.5, number * 0.02)
        total = total + sample.vector
        candidates.offer(sample, total)
        assert len(candidates._parts) <= CANDIDATES_PER_CLUSTER
    assert 12 <= candidates.best(total).time_s <= 37


def test_the_sharpest_of_like_frames_is_found_wherever_it_is() -> None:
    centroid = np.array([1, 0], np.float32)
    for at in range(40):
        candidates = KeyframeCandidates()
        for number in range(40):
            candidates.offer(candidate(number, 0.9 if number == at else 0.5, 0.0), centroid)
        assert candidates.best(centroid).time_s == at


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1e-3, 0.5]), st.floats(0, np.pi / 2)), min_size=1, max_size=40),
    st.floats(0, np.pi / 2),
)
def test_a_blank_frame_wins_only_against_others(frames: list[tuple[float, float]], middle: float) -> None:
    centroid, candidates = np.array([np.cos(middle), np.sin(middle)], np.float32), KeyframeCandidates()
    for number, (quality, angle) in enumerate(frames):
        candidates.offer(candidate(number, quality, angle), centroid)
    assert (candidates.best(centroid).quality.value > 0) == any(quality > 0 for quality, _ in frames)


@pytest.mark.parametrize("strength", [0.05, 0.1, 0.5])
def test_what_is_not_blank_has_quality_however_blurred(sharp: Image, strength: float) -> None:
    """A slope without any edge has no detail at all."""
    slope = np.repeat(np.linspace(100, 100 + 255 * strength, 320)[None], 180, axis=0)
    quality = picture_quality(cv2.cvtColor(slope.astype(np.uint8), cv2.COLOR_GRAY2RGB))
    assert 0 < quality.value < 0.5 * picture_quality(sharp).value


def test_noise_has_no_quality_and_does_not_hide_black(sharp: Image) -> None:
    noise = np.random.default_rng(0).normal(0, 8, (180, 320, 3))
    assert picture_quality(np.clip(noise, 0, 255).astype(np.uint8)) == PictureQuality(0.0, True)
    assert picture_quality(np.clip(120 + noise, 0, 255).astype(np.uint8)) == PictureQuality(0.0, False)
    assert picture_quality(np.clip(sharp * 0.08 + noise, 0, 255).astype(np.uint8)).value > 0


def test_cosine_of_nothing_is_zero() -> None:
    assert cosine(np.zeros(3, np.float32), np.ones(3, np.float32)) == 0
    assert cosine(np.ones(3, np.float32), np.ones(3, np.float32)) == pytest.approx(1)
