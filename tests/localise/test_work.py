"""What one moment may take is counted, so the machine's speed changes nothing in it."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import STILL_SIDE, fit_within, probe, read_frames
from cbvir_core.geometry import Matrix
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.localise import (
    HeldFrames,
    Moment,
    ThumbnailMatch,
    find,
    find_moment,
    hold_frames_around,
    match_thumbnails,
)
from cbvir_core.localise.work import TimeBudget, WorkBudget
from cbvir_core.types import Image, Keyframe, VideoId
from cbvir_core.verify import QUERY_FEATURES, describe, verify

TWENTY_FRAMES_S = (8.0, 8.8)


class FastClock:
    """A clock that runs a hundred times as fast as the machine's."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def __call__(self) -> float:
        return 100.0 * (time.monotonic() - self._begun)


@pytest.fixture(scope="module")
def moving_film(make_film: Callable[..., Path]) -> Path:
    """Twelve seconds of a picture that moves to the side, 300 frames with one I-frame."""
    cells = np.random.default_rng(4).integers(0, 255, (9, 16, 3), np.uint8)
    board = cv2.resize(cells, (256, 144))
    return make_film(
        frames=288,
        picture=lambda number: np.roll(board, number, axis=1),
        options={"g": "300", "bf": "2", "sc_threshold": "0"},
    )


def frame_of(path: Path, number: int) -> Image:
    with read_frames(path, samples_per_s=None, mode="every") as reader:
        return next(itertools.islice(reader, number, None)).image


def cropped(image: Image) -> Image:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[height // 8 :, : -width // 6])


def thumbnails_say(scene: Keyframe, query: Image, transform: Matrix | None) -> ThumbnailMatch | None:
    assert scene.thumbnails is not None
    still = (scene.image.shape[1], scene.image.shape[0])
    return match_thumbnails(
        scene.thumbnails, query, keyframe_s=scene.time_s, still=still, transform=transform
    )


def localised(
    path: Path, scene: Keyframe, query: Image, match: ThumbnailMatch, held: HeldFrames | None
) -> Moment:
    span = (scene.scene_start_s, scene.scene_end_s)
    return find_moment(path, span, query, keyframe_s=scene.time_s, thumbnail_match=match, held=held)


def asked(path: Path, scene: Keyframe, query: Image, clock: Callable[[], float]) -> Moment:
    """Ask for the moment as a search does."""
    found = verify(describe(query, QUERY_FEATURES), describe(scene.image))
    transform = found.homography if found else None
    match = thumbnails_say(scene, query, transform)
    span = (scene.scene_start_s, scene.scene_end_s)
    return find_moment(
        path,
        span,
        query,
        keyframe_s=scene.time_s,
        transform=transform,
        thumbnail_match=match,
        budget_s=3600.0,
        clock=clock,
    )


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two processes that use the processor as long as the block lasts."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_a_busy_machine_and_a_fast_clock_give_the_same_moment(moving_film: Path) -> None:
    scenes = list(extract_keyframes(moving_film, max_side=STILL_SIDE))
    scene = max(scenes, key=lambda one: one.scene_end_s - one.scene_start_s)
    number = round(24 * (scene.scene_start_s + scene.scene_end_s) / 2)
    for perturb in (lambda image: image, cropped):
        query = perturb(frame_of(moving_film, number))
        idle = asked(moving_film, scene, query, time.monotonic)
        assert idle.frames_looked_at > 5
        with busy_machine():
            busy = asked(moving_film, scene, query, time.monotonic)
        fast = asked(moving_film, scene, query, FastClock())
        assert busy == idle
        assert fast == idle
        assert np.array_equal(np.asarray(busy.picture), np.asarray(idle.picture))


def test_frames_that_are_too_many_are_said(moving_film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MAX_FRAMES_DECODED", 40)
    query = frame_of(moving_film, 196)
    moments = [
        find_moment(moving_film, TWENTY_FRAMES_S, query, keyframe_s=8.5, clock=clock)
        for clock in (time.monotonic, lambda: 0.0)
    ]
    assert moments[0] == moments[1]
    assert (moments[0].time_s, moments[0].exact, moments[0].frames_decoded) == (8.5, False, 40)
    assert "more frames than are decoded for one question" in moments[0].reason
    assert moments[0].reason.endswith("The time is the keyframe's.")


def test_frames_that_are_held_are_not_decoded_again(moving_film: Path) -> None:
    """The thumbnails say the same third of a second, so all that is needed was decoded before."""
    (scene, *_) = extract_keyframes(moving_film, max_side=STILL_SIDE)
    number = round(24 * (scene.scene_start_s + scene.scene_end_s) / 2)
    query = frame_of(moving_film, number)
    match = thumbnails_say(scene, query, None)
    assert match is not None
    alone = localised(moving_film, scene, query, match, None)
    video_id = probe(moving_film).video_id
    held = hold_frames_around(moving_film, match.time_s, video_id)
    assert held is not None
    assert np.array_equal(held.nearest_picture(alone.time_s), np.asarray(alone.picture))
    again = localised(moving_film, scene, query, match, held)
    assert again == replace(alone, frames_decoded=again.frames_decoded)
    assert again.frames_decoded == 0 < alone.frames_decoded
    assert hold_frames_around(moving_film, match.time_s, VideoId("0" * 32)) is None


def test_the_usual_work_is_not_cut(moving_film: Path) -> None:
    moment = find_moment(moving_film, TWENTY_FRAMES_S, frame_of(moving_film, 196), keyframe_s=8.5)
    assert moment.exact
    assert moment.time_s == pytest.approx(196 / 24, abs=1e-3)


def test_time_strikes_as_a_last_resort_and_is_said(moving_film: Path) -> None:
    ticks = itertools.count()
    moment = find_moment(
        moving_film,
        TWENTY_FRAMES_S,
        frame_of(moving_film, 196),
        keyframe_s=8.5,
        budget_s=50.0,
        clock=lambda: float(next(ticks)),
    )
    assert not moment.exact
    assert moment.reason.startswith("Time was over")
    assert "another run may give another frame" in moment.reason


def test_a_budget_counts_frames_and_shares_its_time() -> None:
    now = [0.0]
    work = WorkBudget(3, TimeBudget(5.0, lambda: now[0]))
    part = work.sharing_time(1)
    assert [work.count_frame() for _ in range(3)] == [False, False, True]
    assert part.count_frame()
    assert not work.is_late()
    now[0] = 5.0
    assert part.is_late()
    assert work.is_late()
    now[0] = 0.0
    assert work.late, "what was late stays so"


def test_the_picture_is_the_frame_at_the_time(moving_film: Path) -> None:
    query = frame_of(moving_film, 196)
    for span in (TWENTY_FRAMES_S, (4.0, 11.0)):  # held while reading, and decoded again
        moment = find_moment(moving_film, span, query, keyframe_s=8.5)
        assert moment.picture is not None
        with read_frames(moving_film, samples_per_s=None, mode="every", max_side=STILL_SIDE) as reader:
            shown = next(frame for frame in reader if frame.time_s == moment.time_s)
        assert np.array_equal(moment.picture, shown.image)
    large = fit_within(query, 100)
    assert find_moment(moving_film, (0.0, 0.1), large, keyframe_s=0.0, budget_s=0.0).picture is None
