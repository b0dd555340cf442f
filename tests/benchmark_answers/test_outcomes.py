"""Outcomes and figures on answers made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.answers.frame import FrameChecker
from bench.answers.outcomes import AnswerOutcome, figures, judge
from bench.answers.reliability import bins, write_plot
from bench.retrieval.frames import FRAME_SIDE
from bench.retrieval.questions import BenchmarkQuery
from cbvir_core.decode import read_frames, read_picture
from cbvir_core.types import Answer, Hit, KeyframeId, Verdict, VideoId
from support.films import write_video
from support.networks import painted

GREY = np.full((8, 8, 3), 127, np.uint8)
CLIP = "learning-area--rabbit320.mp4"
OTHER_VERSION = "learning-area--rabbit.webm"

FOUND = AnswerOutcome("asked", "unedited", "a", "match", 1.0, "", True, True, 0.0, True, True, 100.0, {})
MISSED = AnswerOutcome("asked", "crop", "a", "none", 0.0, "", False, False, None, False, False, 300.0, {})
NOWHERE = AnswerOutcome("foreign", "crop", "b", "none", 0.0, "", False, False, None, False, False, 200.0, {})


def hit(path: Path, time_s: float, score: float = 0.95) -> Hit:
    return Hit(1, KeyframeId(VideoId("a"), 0), path, time_s, 2.0, 4.0, score, Verdict.MATCH, "plain")


def answer(*hits: Hit) -> Answer:
    verdict = hits[0].verdict if hits else Verdict.NONE
    return Answer(verdict, hits, 100.0, {"verify": 5.0}, 10, 5, "builtin", True)


def asked(kind: str, time_s: float) -> BenchmarkQuery:
    return BenchmarkQuery("asked", kind, "a", GREY, "rabbit", time_s)


def test_a_version_of_the_clip_is_right_and_half_a_second_beside_the_scene_is(shared: Path) -> None:
    path = shared / "videos" / OTHER_VERSION
    near = judge(asked("crop", 4.4), answer(hit(path, 3.0)), FrameChecker())
    assert (near.video, near.scene, near.same) == (True, True, False)
    assert near.off_s == pytest.approx(1.4)
    far = judge(asked("crop", 4.6), answer(hit(path, 3.0)), FrameChecker())
    assert (far.video, far.scene) == (True, False)


def test_no_hit_another_clip_and_a_stranger_are_not_right(shared: Path) -> None:
    path = shared / "videos" / "learning-area--frog.mp4"
    for query, given in (
        (asked("crop", 3.0), answer()),
        (asked("crop", 3.0), answer(hit(path, 3.0))),
        (BenchmarkQuery("foreign", "crop", "x", GREY), answer(hit(path, 3.0))),
    ):
        found = judge(query, given, FrameChecker())
        assert (found.video, found.scene, found.same, found.off_s) == (False, False, False, None)


def test_a_frame_off_is_the_frame_and_two_are_not(shared: Path) -> None:
    path = shared / "videos" / CLIP
    with read_frames(path, samples_per_s=None, mode="every", max_side=FRAME_SIDE) as reader:
        frames = [frame for frame, _ in zip(reader, range(60), strict=False)]
    query = BenchmarkQuery("asked", "unedited", "a", frames[40].image, "rabbit", frames[40].time_s)
    right = [
        judge(query, answer(hit(path, frames[number].time_s)), FrameChecker()).exact
        for number in (20, 38, 39, 40, 41, 42)
    ]
    assert right == [False, False, True, True, True, False]


def test_a_shot_that_stands_still_has_no_other_frame(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    picture = cv2.GaussianBlur(painted(1, 1)[0], (0, 0), 9.0)  # which is coded well
    height, width = picture.shape[:2]
    write_video(path, [picture] * 50, (width, height), 25, 100)
    with read_frames(path, samples_per_s=None, mode="every", max_side=FRAME_SIDE) as reader:
        frames = list(reader)
    query = BenchmarkQuery("asked", "unedited", "a", frames[-2].image, path.name, frames[-2].time_s)
    found = judge(query, answer(hit(path, frames[2].time_s)), FrameChecker())
    assert found.off_s is not None
    assert found.off_s > 0.5
    assert (found.exact, found.same) == (False, True)


def test_figures_are_shares_by_hand() -> None:
    late = replace(FOUND, kind="crop", off_s=0.6, exact=False, same=False, verdict="likely", score=0.6)
    near = replace(late, key="b", off_s=0.5)
    fooled = replace(NOWHERE, verdict="match", score=0.9)
    shy = replace(near, key="c", verdict="none", score=0.2)
    found = figures([FOUND, late, near, shy, MISSED, NOWHERE, NOWHERE, NOWHERE, fooled])
    assert (found.questions, found.video, found.scene) == (9, 0.8, 0.8)
    assert (found.worst_kind, found.worst) == ("crop", 0.75)
    assert (found.called, found.offered, found.false) == (0.25, 0.75, 0.25)
    assert (found.exact, found.same, found.near) == (1.0, 1.0, 0.5)
    # Bins .9 to 1: said 1.9 of two, one was; .6: said 1.2, two were; .2: said .2, one was; 0: neither.
    assert found.error == pytest.approx((0.9 + 0.8 + 0.8) / 9)
    assert found.asked_error == pytest.approx((0.8 + 0.8) / 5)


def test_figures_want_a_question_with_an_answer() -> None:
    with pytest.raises(ValueError, match="have an answer"):
        figures([NOWHERE])


def test_the_plot_shows_what_the_bins_hold(tmp_path: Path) -> None:
    outcomes = [FOUND, FOUND, replace(FOUND, score=0.95, scene=False), MISSED, replace(MISSED, score=0.04)]
    low, high = bins(outcomes)
    assert low == pytest.approx((0.02, 0.0, 2))
    assert high == pytest.approx(((1 + 1 + 0.95) / 3, 2 / 3, 3))
    write_plot(tmp_path / "plot.png", outcomes, 0.05)
    assert read_picture((tmp_path / "plot.png").read_bytes()).std() > 10
