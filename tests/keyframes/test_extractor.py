from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cbvir_core.errors import NotAVideo
from cbvir_core.keyframes import FRAME_SIDE, KeyframeExtractor, KeyframeOptions, extract_keyframes
from cbvir_core.types import Frame, Image, Keyframe

Pictures = Callable[[int], Image]
Frames = Callable[[list[Image]], list[Frame]]
ONLINE, BATCH = KeyframeOptions(), KeyframeOptions.paper()


def extract(frames: list[Frame], options: KeyframeOptions = ONLINE) -> list[Keyframe]:
    extractor = KeyframeExtractor(options)
    return [k for frame in frames for k in extractor.push(frame)] + extractor.flush()


@pytest.mark.parametrize("options", [ONLINE, BATCH], ids=["online", "batch"])
def test_finds_the_scenes(options: KeyframeOptions, picture: Pictures, frames: Frames) -> None:
    keyframes = extract(frames([picture(i // 9) for i in range(90)]), options)
    assert [round(k.scene_start_s) for k in keyframes] == list(range(0, 30, 3))
    for number, keyframe in enumerate(keyframes):
        assert np.array_equal(keyframe.image, picture(number))


@pytest.mark.parametrize("options", [ONLINE, BATCH], ids=["online", "batch"])
def test_one_frame_is_one_keyframe_and_none_is_none(options: KeyframeOptions, picture: Pictures) -> None:
    (only,) = extract([Frame(Fraction(7, 2), picture(1))], options)
    assert (only.time_s, only.scene_start_s, only.scene_end_s) == (3.5, 3.5, 3.5)
    assert extract([], options) == []


def test_after_flush_it_is_as_new(picture: Pictures, frames: Frames) -> None:
    film, extractor = frames([picture(i // 9) for i in range(40)]), KeyframeExtractor()
    first = [k for f in film for k in extractor.push(f)] + extractor.flush()
    again = [k for f in film for k in extractor.push(f)] + extractor.flush()
    assert first == again


def test_time_does_not_go_back(picture: Pictures) -> None:
    extractor = KeyframeExtractor()
    extractor.push(Frame(Fraction(2), picture(0)))
    extractor.push(Frame(Fraction(2), picture(0)))
    with pytest.raises(ValueError, match=r"1\.000 s came after one at 2\.000 s"):
        extractor.push(Frame(Fraction(1), picture(0)))


def test_a_keyframe_comes_within_seconds_of_its_scenes_end(picture: Pictures, frames: Frames) -> None:
    extractor = KeyframeExtractor()
    delays = []
    for frame in frames([picture(i // 12) for i in range(120)]):
        delays += [frame.time_s - k.scene_end_s for k in extractor.push(frame)]
    assert len(delays) == 9
    assert max(delays) < 3


def test_a_still_picture_gives_one_keyframe_per_gap(picture: Pictures, frames: Frames) -> None:
    keyframes = extract(frames([picture(0)] * 300))
    assert [k.scene_start_s for k in keyframes] == [0, 15, 30, 45, 60, 75, 90]


def test_the_pictures_held_do_not_grow_with_the_film() -> None:
    rng, extractor, alive = np.random.default_rng(0), KeyframeExtractor(), weakref.WeakSet[Holder]()
    most = 0
    for number in range(600):
        image = rng.integers(0, 256, (12, FRAME_SIDE + 1, 3), dtype=np.uint8).view(Holder)
        alive.add(image)
        extractor.push(Frame(Fraction(number, 3), image))
        del image
        most = max(most, len(alive))
    gc.collect()
    assert most <= 12


class Holder(np.ndarray[Any, np.dtype[np.uint8]]):
    """An array that a WeakSet can hold: it is compared by identity."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def test_a_video_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film")
    with pytest.raises(NotAVideo):
        next(extract_keyframes(path))


@pytest.mark.parametrize(
    "wrong",
    [
        {"similarity": 1.5},
        {"rank": 0},
        {"sample_s": 0},
        {"bins": (8, 4)},
        {"bins": (0, 4, 4)},
        {"min_scene_s": 20.0},
        {"form": "other"},
    ],
    ids=str,
)
def test_options_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KeyframeExtractor(KeyframeOptions(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    film = [Frame(Fraction(i, 3), np.full((*size, 3), i % 7 * 30, np.uint8)) for i in range(20)]
    assert extract(film)
