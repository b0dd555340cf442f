"""The frames that differ go with the keyframe of their scene: few of a still scene, most of a moving one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.decode import fit_within, read_frames, thumbnail
from cbvir_core.decode.change import CHANGED_LEVELS, CHANGED_SHARE, views_differ
from cbvir_core.keyframes import (
    FRAME_SIDE,
    MAX_SCENE_FRAMES,
    KeyframeExtractor,
    KeyframeOptions,
    extract_keyframes,
)
from cbvir_core.keyframes.frames import FrameTrack
from cbvir_core.types import Frame, Image, Keyframe, SampledFrames
from support.films import write_video

Pictures = Callable[[int], Image]
Frames = Callable[[list[Image]], list[Frame]]

LONG = KeyframeOptions(max_gap_s=1e6)
"""A scene lasts as long as it likes."""


def extract(frames: list[Frame], options: KeyframeOptions = KeyframeOptions()) -> list[Keyframe]:
    extractor = KeyframeExtractor(options)
    return [k for frame in frames for k in extractor.push(frame)] + extractor.flush()


def kept(keyframe: Keyframe) -> SampledFrames:
    assert keyframe.frames is not None
    assert len(keyframe.frames) == len(keyframe.frames.pictures) > 0
    return keyframe.frames


def count_kept(path: Path) -> tuple[int, int]:
    """Return how many frames are kept of a video, and of how many samples."""
    keyframes = list(extract_keyframes(path))
    samples = [len(keyframe.thumbnails) for keyframe in keyframes if keyframe.thumbnails]
    return sum(len(kept(keyframe)) for keyframe in keyframes), sum(samples)


def slide(lines: list[str]) -> Image:
    """Return a slide of 1280 x 720 with a title and lines of text."""
    page = np.full((720, 1280, 3), 245, np.uint8)
    for place, line in enumerate(["Quarterly report", *lines]):
        cv2.putText(page, line, (100, 120 + 70 * place), 0, 0.8, (90, 90, 90), 2, cv2.LINE_AA)
    return page


# --- which frames are kept ---


@given(changed=st.integers(0, 40), levels=st.integers(0, 255))
def test_a_view_differs_where_enough_pixels_have_changed_enough(changed: int, levels: int) -> None:
    one = np.zeros((72, 128), np.uint8)
    other = one.copy()
    other.flat[:changed] = levels
    expected = levels > CHANGED_LEVELS and changed > CHANGED_SHARE * one.size
    assert views_differ(one, other) == views_differ(other, one) == expected


def test_a_view_of_another_size_differs() -> None:
    assert views_differ(np.zeros((72, 128), np.uint8), np.zeros((128, 72), np.uint8))


def test_a_still_scene_keeps_its_first_frame(picture: Pictures, frames: Frames) -> None:
    rng = np.random.default_rng(0)
    noisy = [
        np.clip(picture(0) + rng.normal(0, 3, (90, 160, 3)), 0, 255).astype(np.uint8) for _ in range(120)
    ]
    keyframes = extract(frames(noisy))
    assert len(keyframes) > 1  # a long scene is divided
    for keyframe in keyframes:
        assert kept(keyframe).times_s.tolist() == [keyframe.scene_start_s]


def test_frames_are_shrunk_samples_at_their_times(picture: Pictures, frames: Frames) -> None:
    large = [cv2.resize(picture(number // 6), (640, 360)) for number in range(24)]
    film = frames([np.asarray(image, np.uint8) for image in large])
    by_time = {frame.time_s: frame.image for frame in film}
    for keyframe in extract(film):
        for time_s, image in zip(kept(keyframe).times_s, kept(keyframe).pictures, strict=True):
            assert image.shape == (144, 256, 3)
            assert np.array_equal(image, fit_within(by_time[float(time_s)], FRAME_SIDE))


def test_what_comes_back_within_a_scene_is_kept_again(picture: Pictures, frames: Frames) -> None:
    """Two views by turns: each differs from the one before."""
    with_spot = picture(0).copy()
    with_spot[40:50, 60:70] = 255 - with_spot[40:50, 60:70]
    film = frames([picture(0), picture(0), with_spot, with_spot, picture(0), picture(0)])
    (keyframe,) = extract(film)
    np.testing.assert_allclose(kept(keyframe).times_s, [0, 2 / 3, 4 / 3])


@pytest.mark.parametrize("sizes", [[(90, 160), (160, 90)], [(1, 1), (480, 640)]], ids=str)
def test_frames_of_a_scene_have_one_size(sizes: list[tuple[int, int]], frames: Frames) -> None:
    film = frames([np.full((*sizes[number % 2], 3), 99, np.uint8) for number in range(60)])
    for keyframe in extract(film):
        first = film[round(3 * keyframe.scene_start_s)]
        assert kept(keyframe).pictures.shape[1:] == fit_within(first.image, FRAME_SIDE).shape


@settings(max_examples=30, deadline=None)
@given(views=st.lists(st.integers(0, 2), min_size=1, max_size=60))
def test_of_every_sample_the_scene_keeps_a_frame_that_looks_the_same(
    picture: Pictures, views: list[int]
) -> None:
    film = [Frame(Fraction(number, 3), picture(view)) for number, view in enumerate(views)]
    for keyframe in extract(film):
        frames = kept(keyframe)
        assert frames.times_s[0] == keyframe.scene_start_s
        for frame in film:
            inside = keyframe.scene_start_s <= frame.time_s < keyframe.scene_end_s
            before = np.flatnonzero(frames.times_s <= frame.time_s)
            if inside:
                assert np.array_equal(frames.pictures[before[-1]], frame.image)


# --- scenes of very many samples ---


def test_a_scene_of_very_many_samples_is_thinned(frames: Frames) -> None:
    rng = np.random.default_rng(0)
    film = frames([rng.integers(0, 256, (12, 16, 3), dtype=np.uint8) for _ in range(3 * MAX_SCENE_FRAMES)])
    keyframes = extract(film, KeyframeOptions(max_gap_s=1e6, similarity=0.01, layout_similarity=0.0))
    assert max(len(kept(keyframe)) for keyframe in keyframes) <= MAX_SCENE_FRAMES


def test_the_track_holds_a_bounded_number_of_pictures() -> None:
    track, dot = FrameTrack(), np.zeros((1, 1, 3), np.uint8)
    for number in range(5 * MAX_SCENE_FRAMES):
        track.push(Frame(Fraction(number), np.full_like(dot, number % 200)), thumbnail(dot))
    end_s = 5.0 * MAX_SCENE_FRAMES
    (keyframe,) = track.cut([Keyframe(0.0, 0.0, end_s, dot)], last=True)
    assert kept(keyframe).times_s.tolist() == [0.0]  # their thumbnails are all alike
    assert track.take_until(end_s) is None


def test_after_flush_the_extractor_is_as_new(picture: Pictures, frames: Frames) -> None:
    film, extractor = frames([picture(number // 4) for number in range(24)]), KeyframeExtractor()
    runs = []
    for _ in range(2):
        keyframes = [k for frame in film for k in extractor.push(frame)] + extractor.flush()
        runs.append([kept(keyframe).times_s.tolist() for keyframe in keyframes])
    assert runs[0] == runs[1]


# --- films ---


def test_a_static_clip_costs_next_to_nothing(clips: Path, tmp_path: Path) -> None:
    with read_frames(clips / "learning-area--frog.mp4", samples_per_s=1, max_side=640) as reader:
        image = list(reader)[3].image
    height, width = (side // 2 * 2 for side in image.shape[:2])
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 5, (height, width, 3)) for _ in range(5)]
    pictures = (
        np.clip(image[:height, :width] + noise[number % 5], 0, 255).astype(np.uint8) for number in range(300)
    )
    write_video(tmp_path / "static.mp4", pictures, (width, height), 12)
    frames, samples = count_kept(tmp_path / "static.mp4")
    assert samples == 76
    assert frames <= 2


def test_a_changed_line_of_text_is_kept(tmp_path: Path) -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    lines = [" ".join(words[start : start + 4]) for start in range(6)]
    pages = []
    for number in range(5):
        lines[number] = " ".join(reversed(words[number : number + 4]))
        pages.append(slide(lines))
    write_video(tmp_path / "slides.mp4", (page for page in pages for _ in range(36)), (1280, 720), 12)
    shown = [
        int(time_s // 3)
        for keyframe in extract_keyframes(tmp_path / "slides.mp4")
        for time_s in kept(keyframe).times_s
    ]
    assert set(shown) == set(range(5))
    assert len(shown) <= 10


@pytest.mark.parametrize("name", ["decord--flipping_a_pancake.mkv", "learning-area--frog.mp4"])
def test_most_frames_of_a_moving_clip_are_kept_in_order(clips: Path, name: str) -> None:
    frames, samples = count_kept(clips / name)
    assert frames > 0.7 * samples
    times_s = np.concatenate([kept(keyframe).times_s for keyframe in extract_keyframes(clips / name)])
    assert all(earlier < later for earlier, later in pairwise(times_s))
