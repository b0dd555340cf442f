"""The frame beside the query: the very one that an answer names, or the still and why it is one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.decode import decode_still, read_frames
from cbvir_core.errors import UnknownVideo
from cbvir_core.search.answered_frame import answered_frame, clock, shared_points
from cbvir_core.types import Image, KeyframeId, VideoId
from support.films import Film, letterboxed
from support.libraries import LibraryOpener, converted, films, open_library, store_of, weights
from support.small_search import colour_picture

__all__ = ["converted", "films", "open_library", "weights"]

BLUE, RED = colour_picture(120), colour_picture(0, seed=1)

MAX_ROUNDING = 2.0
"""Mean difference in grey levels that the way of conversion to RGB makes."""


def every_frame(path: Path) -> dict[float, Image]:
    with read_frames(path, samples_per_s=None, mode="every") as frames:
        return {frame.time_s: frame.image for frame in frames}


def difference(one: Image, other: Image) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other).mean())


def test_it_is_the_frame_at_the_time(films: list[Film], open_library: LibraryOpener) -> None:
    frames = every_frame(films[0].path)
    first, *_, last = frames.values()
    assert difference(first, last) > 5 * MAX_ROUNDING
    with open_library(frames=False) as library:
        video = library.add(films[0].path)
        keyframe = library.keyframes(video.video_id)[0]
        for time_s in list(frames)[::17]:
            shown = answered_frame(store_of(library), keyframe.keyframe_id, time_s)
            assert difference(shown.image, frames[time_s]) < MAX_ROUNDING
            assert (shown.label, shown.note) == (f"{films[0].path.name} at {clock(time_s)}", "")


def test_it_is_cut_to_the_borders_of_its_video(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    boxed = letterboxed(films[0], tmp_path / "boxed.mp4")
    with open_library(frames=False) as library:
        video = library.add(boxed)
        assert video.borders is not None
        keyframe = library.keyframes(video.video_id)[0]
        still = decode_still(library.still(keyframe.keyframe_id))
        shown = answered_frame(store_of(library), keyframe.keyframe_id, keyframe.time_s)
    assert difference(shown.image, still) < 4.0


def test_the_still_is_shown_where_there_is_no_frame(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(films[0].path.read_bytes())
    with open_library(frames=False) as library:
        video = library.add(path)
        keyframe = library.keyframes(video.video_id)[0]
        still = decode_still(library.still(keyframe.keyframe_id))
        label = f"film.mp4, keyframe at {clock(keyframe.time_s)}"
        store = store_of(library)
        without = answered_frame(store, keyframe.keyframe_id, None)
        behind = answered_frame(store, keyframe.keyframe_id, 9000.0)
        path.unlink()
        offline = answered_frame(store, keyframe.keyframe_id, keyframe.time_s)
        with pytest.raises(UnknownVideo):
            answered_frame(store, KeyframeId(VideoId("zz"), 0), 1.0)
    assert without.note == ""
    assert "2:30:00.00 could not be read" in behind.note
    assert "offline" in offline.note
    for one in (without, behind, offline):
        assert one.label == label
        assert difference(one.image, still) < 1.0  # which was written as JPEG once more


def test_points_are_in_pixels_of_the_whole_picture() -> None:
    page = np.ascontiguousarray(colour_picture(60, 9).repeat(2, axis=0).repeat(2, axis=1))
    page[90:270, 160:480] = BLUE
    evidence = shared_points(page, BLUE, (140, 80, 400, 220))
    assert evidence is not None
    assert evidence.region == pytest.approx((160, 90, 480, 270), abs=6)
    assert shared_points(RED, BLUE, None) is None


def test_points_of_a_mirrored_picture_agree_too() -> None:
    evidence = shared_points(np.ascontiguousarray(BLUE[:, ::-1]), BLUE, None)
    assert evidence is not None
    assert cv2.determinant(evidence.homography) < 0


@given(st.integers(0, 10**7))
def test_the_clock_reads_back(hundredths: int) -> None:
    *hours, minutes, seconds = clock(hundredths / 100).split(":")
    total = 3600 * int((hours or ["0"])[0]) + 60 * int(minutes) + float(seconds)
    assert total == pytest.approx(hundredths / 100, abs=1e-6)
    assert float(seconds) < 60
