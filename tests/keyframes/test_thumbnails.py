"""The thumbnails of a scene's frames go with its keyframe: all of them, once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.decode import STILL_SIDE, read_frames, thumbnail
from cbvir_core.keyframes import KeyframeExtractor, KeyframeOptions, extract_keyframes, thumbnails
from cbvir_core.keyframes.thumbnails import MAX_SCENE_THUMBNAILS, ThumbnailTrack
from cbvir_core.types import Frame, Image, Keyframe, Thumbnails
from support.films import Film, draw_film

Pictures = Callable[[int], Image]
Frames = Callable[[list[Image]], list[Frame]]

ONLINE, BATCH = KeyframeOptions(), KeyframeOptions.paper()
LONG = KeyframeOptions(max_gap_s=1e6)
"""A scene lasts as long as it likes."""

DOT = np.zeros((1, 1, 3), np.uint8)

gaps = st.sampled_from([Fraction(1, 3)] * 6 + [Fraction(1, 1000), Fraction(2), Fraction(40)])
shots = st.lists(
    st.tuples(st.integers(0, 3), st.lists(gaps, min_size=1, max_size=12)), min_size=1, max_size=8
)


def extract(frames: list[Frame], options: KeyframeOptions = ONLINE) -> list[Keyframe]:
    extractor = KeyframeExtractor(options)
    return [k for frame in frames for k in extractor.push(frame)] + extractor.flush()


def seen(keyframe: Keyframe) -> Thumbnails:
    assert keyframe.thumbnails is not None
    assert len(keyframe.thumbnails) == len(keyframe.thumbnails.frames) > 0
    return keyframe.thumbnails


def times(keyframe: Keyframe) -> list[float]:
    return list(map(float, seen(keyframe).times_s))


def pictures_of(keyframes: list[Keyframe]) -> Iterator[Image]:
    return (picture for keyframe in keyframes for picture in seen(keyframe).frames)


def assert_each_once_and_in_its_span(keyframes: list[Keyframe], frames: list[Frame]) -> None:
    assert [time_s for keyframe in keyframes for time_s in times(keyframe)] == [f.time_s for f in frames]
    for keyframe, following in pairwise(keyframes):
        assert keyframe.scene_start_s <= times(keyframe)[0]
        assert times(keyframe)[-1] < keyframe.scene_end_s == following.scene_start_s
    assert times(keyframes[-1])[-1] == keyframes[-1].scene_end_s


# --- the extractor ---


@pytest.mark.parametrize("options", [ONLINE, BATCH], ids=["online", "batch"])
@settings(max_examples=40, deadline=None)
@given(shots=shots)
def test_every_frame_is_in_one_keyframe_s_thumbnails(
    options: KeyframeOptions, picture: Pictures, shots: list[tuple[int, list[Fraction]]]
) -> None:
    shown = [picture(number) for number, gaps in shots for _ in gaps]
    when = accumulate(gap for _, gaps in shots for gap in gaps)
    frames = [Frame(time, image) for time, image in zip(when, shown, strict=True)]
    keyframes = extract(frames, options)
    assert_each_once_and_in_its_span(keyframes, frames)
    for one, frame in zip(pictures_of(keyframes), frames, strict=True):
        assert np.array_equal(one, thumbnail(frame.image))


def test_frames_of_one_time_are_all_there(picture: Pictures) -> None:
    frames = [Frame(Fraction(number // 3, 3), picture(number // 30)) for number in range(120)]
    keyframes = extract(frames)
    assert len(keyframes) > 1
    assert_each_once_and_in_its_span(keyframes, frames)


def test_the_first_frame_of_a_scene_is_its_own(picture: Pictures, frames: Frames) -> None:
    keyframes = extract(frames([picture(i // 9) for i in range(36)]))
    assert [times(keyframe)[0] for keyframe in keyframes] == [0.0, 3.0, 6.0, 9.0]
    for number, keyframe in enumerate(keyframes):
        assert all(np.array_equal(one, thumbnail(picture(number))) for one in seen(keyframe).frames)


def test_one_frame_is_its_only_thumbnail(picture: Pictures) -> None:
    (only,) = extract([Frame(Fraction(7, 2), picture(1))])
    assert times(only) == [3.5]
    assert np.array_equal(seen(only).frames[0], thumbnail(picture(1)))


def test_a_blank_scene_has_them_too(frames: Frames) -> None:
    film = frames([np.zeros((90, 160, 3), np.uint8)] * 60)
    keyframes = extract(film)
    assert [keyframe.quality for keyframe in keyframes] == [0.0, 0.0]
    assert_each_once_and_in_its_span(keyframes, film)


@pytest.mark.parametrize(
    "sizes", [[(90, 160), (160, 90)], [(300, 500), (3, 5)], [(1, 1), (480, 640)]], ids=str
)
def test_a_video_that_changes_its_size_has_the_first_one_s_in_each_scene(
    sizes: list[tuple[int, int]], frames: Frames
) -> None:
    film = frames([np.full((*sizes[number % 2], 3), number, np.uint8) for number in range(60)])
    keyframes = extract(film)
    assert_each_once_and_in_its_span(keyframes, film)
    for keyframe in keyframes:
        first = film[round(3 * keyframe.scene_start_s)]
        assert seen(keyframe).frames.shape[1:] == thumbnail(first.image).shape
        assert [one.max() for one in seen(keyframe).frames] == [
            round(3 * time_s) for time_s in times(keyframe)
        ]


def test_after_flush_it_is_as_new(picture: Pictures, frames: Frames) -> None:
    film, extractor = frames([picture(0)] * 12), KeyframeExtractor()
    for _ in range(2):
        keyframes = [k for frame in film for k in extractor.push(frame)] + extractor.flush()
        assert_each_once_and_in_its_span(keyframes, film)


# --- scenes of very many frames ---


def pushed(count: int) -> ThumbnailTrack:
    """Frames at 0, 1, 2... seconds."""
    full = ThumbnailTrack()
    for number in range(count):
        full.push(number, thumbnail(DOT))
    return full


def scene(start: int, end: int) -> Keyframe:
    return Keyframe(float(start), float(start), float(end), DOT)


@given(count=st.integers(1, 900), most=st.integers(1, 40))
def test_a_long_scene_is_thinned_evenly_from_its_first_frame_on(count: int, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thumbnails, "MAX_SCENE_THUMBNAILS", most)
        (keyframe,) = pushed(count).cut([scene(0, count - 1)], last=True)
    assert min(count, most / 2) <= len(seen(keyframe)) <= most
    assert times(keyframe)[0] == 0
    assert len({later - earlier for earlier, later in pairwise(times(keyframe))}) <= 1


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=8), most=st.integers(4, 20))
def test_however_long_each_scene_has_some_of_its_own(lengths: list[int], most: int) -> None:
    late = 3  # seconds after which it is known that a scene is over
    ends = list(accumulate([late + length for length in lengths], initial=0))
    scenes = [scene(start, end) for start, end in pairwise(ends)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thumbnails, "MAX_SCENE_THUMBNAILS", most)
        full, keyframes = ThumbnailTrack(), []
        for number in range(ends[-1]):
            full.push(number, thumbnail(DOT))
            keyframes += full.cut([one for one in scenes[:-1] if one.scene_end_s == number - late])
            assert len(full) <= 2 * most
        keyframes += full.cut(scenes[-1:], last=True)
    for keyframe, (start, end) in zip(keyframes, pairwise(ends), strict=True):
        assert start <= times(keyframe)[0] <= times(keyframe)[-1] < end
        assert len(seen(keyframe)) <= most


def test_the_extractor_thins_a_scene_that_does_not_end(frames: Frames) -> None:
    still = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    (keyframe,) = extract(frames([still] * (2 * MAX_SCENE_THUMBNAILS + 100)), LONG)
    assert MAX_SCENE_THUMBNAILS / 2 <= len(seen(keyframe)) <= MAX_SCENE_THUMBNAILS
    assert times(keyframe)[0] == 0
    np.testing.assert_allclose(np.diff(times(keyframe)), times(keyframe)[1])


def test_a_scene_without_a_frame_has_none() -> None:
    before, without = pushed(3).cut([scene(0, 5), scene(5, 9)])
    assert len(seen(before)) == 3
    assert without.thumbnails is None


# --- films ---


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return draw_film(path, seed=5, shots=6, size=(256, 144), rate=12)


def test_a_film_s_frames_are_all_there(film: Film) -> None:
    keyframes = list(extract_keyframes(film.path))
    with read_frames(film.path, samples_per_s=1 / ONLINE.sample_s, max_side=STILL_SIDE) as reader:
        frames = list(reader)
    assert len(keyframes) >= len(film.shots)
    assert_each_once_and_in_its_span(keyframes, frames)
    for one, frame in zip(pictures_of(keyframes), frames, strict=True):
        assert np.array_equal(one, thumbnail(frame.image))


def test_the_keyframe_is_one_of_them(film: Film) -> None:
    for keyframe in extract_keyframes(film.path):
        itself = seen(keyframe).frames[times(keyframe).index(keyframe.time_s)]
        assert np.array_equal(itself, thumbnail(keyframe.image))


@pytest.mark.parametrize("name", ["decord--flipping_a_pancake.mkv", "learning-area--frog.mp4"])
def test_real_clips_have_them_a_third_of_a_second_apart(clips: Path, name: str) -> None:
    keyframes = list(extract_keyframes(clips / name, max_side=320))
    when = np.concatenate([seen(keyframe).times_s for keyframe in keyframes])
    assert np.diff(when).min() > 0
    assert np.median(np.diff(when)) == pytest.approx(ONLINE.sample_s, abs=0.05)
    assert when[0] == keyframes[0].scene_start_s
    assert when[-1] == keyframes[-1].scene_end_s
