"""Frames that look the same are one moment: the first of their run is given, with its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.decode import STILL_SIDE, decode_strip, encode_strip
from cbvir_core.decode.span import SpanReader
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.localise import Moment, ThumbnailMatch, find_moment, match_thumbnails
from cbvir_core.localise.runs import equal_run
from cbvir_core.types import Image, Keyframe, Thumbnails

MOVING_FRAMES, STILL_FRAMES = 50, 190
"""Frames of the film that move, before those that stand still."""


@pytest.fixture(scope="module")
def slide_film(make_film: Callable[..., Path]) -> Path:
    """A picture that moves for two seconds, stands still for eight and moves on."""
    cells = np.random.default_rng(9).integers(0, 255, (18, 32, 3), np.uint8)
    board = cv2.resize(cells, (1280, 360), interpolation=cv2.INTER_CUBIC)

    def picture(number: int) -> Image:
        x = 2 * (min(number, MOVING_FRAMES) + max(0, number - MOVING_FRAMES - STILL_FRAMES))
        return np.ascontiguousarray(board[:, x : x + 640])

    return make_film(frames=288, picture=picture, options={"crf": "26"})


def as_stored(scene: Keyframe) -> Thumbnails:
    """The thumbnails of the scene as the store returns them, through JPEG."""
    assert scene.thumbnails is not None
    frames = scene.thumbnails.frames
    strip = decode_strip(encode_strip(frames), len(frames), frames.shape[1])
    return Thumbnails(scene.thumbnails.times_s, strip)


def found(path: Path, time_s: float, *, offline: bool = False) -> tuple[Moment, ThumbnailMatch]:
    with SpanReader(path, time_s, time_s + 1.0) as frames:
        query = next(frames).image
    scenes = extract_keyframes(path, max_side=STILL_SIDE)
    scene = next(one for one in scenes if one.scene_start_s <= time_s < one.scene_end_s)
    still = (scene.image.shape[1], scene.image.shape[0])
    match = match_thumbnails(as_stored(scene), query, keyframe_s=scene.time_s, still=still)
    assert match is not None
    moment = find_moment(
        path.with_name("gone.mp4") if offline else path,
        (scene.scene_start_s, scene.scene_end_s),
        query,
        keyframe_s=scene.time_s,
        thumbnail_match=match,
    )
    return moment, match


def test_a_still_shot_is_given_from_its_first_frame_to_its_last(slide_film: Path) -> None:
    for time_s in (3.0, 6.0, 9.0):
        moment, _ = found(slide_film, time_s)
        assert moment.exact
        assert moment.time_s == pytest.approx(MOVING_FRAMES / 24, abs=2 / 24)
        assert moment.until_s == pytest.approx((MOVING_FRAMES + STILL_FRAMES) / 24, abs=2 / 24)
        assert moment.frames_looked_at < 60, "the middle of the run is not decoded"


def test_offline_the_run_is_that_of_thumbnails(slide_film: Path) -> None:
    moment, match = found(slide_film, 6.0, offline=True)
    assert match.run is not None
    assert (moment.time_s, moment.until_s) == match.run
    assert moment.time_s == pytest.approx(MOVING_FRAMES / 24, abs=0.4)
    assert moment.until_s == pytest.approx((MOVING_FRAMES + STILL_FRAMES) / 24, abs=0.4)
    assert not moment.exact
    assert "exact to .1" in moment.reason


def test_what_was_left_out_between_two_parts_is_no_run(slide_film: Path) -> None:
    """Parts that are far apart are not joined to a run, unless the thumbnails between them are one too."""
    moment, match = found(slide_film, 6.0)
    apart = replace(match, run=None, spans=((5.8, 6.1), (8.0, 8.3)))
    with SpanReader(slide_film, 6.0, 7.0) as frames:
        query = next(frames).image
    alone = find_moment(slide_film, (0.0, 12.0), query, keyframe_s=6.0, thumbnail_match=apart)
    assert moment.until_s - moment.time_s > 7.0
    assert alone.until_s - alone.time_s < 0.4


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data())
def test_a_run_holds_its_frame_and_ends_where_the_picture_changes(
    levels: list[int], data: st.DataObject
) -> None:
    frames = [np.full((16, 24), 20 * level, np.uint8) for level in levels]
    index = data.draw(st.integers(0, len(levels) - 1))
    breaks = data.draw(st.sets(st.integers(1, 12)))
    first, last = equal_run(frames, index, 1.0, breaks)
    assert first <= index <= last
    assert set(levels[first : last + 1]) == {levels[index]}
    assert not any(first < one <= last for one in breaks)
    assert first == 0 or first in breaks or levels[first - 1] != levels[index]
    assert last + 1 == len(levels) or last + 1 in breaks or levels[last + 1] != levels[index]
