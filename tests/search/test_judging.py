"""Which scenes are surveyed, and what that does to who comes first."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.localise import Moment, Survey
from cbvir_core.search.answer import Candidate
from cbvir_core.search.confidence import ConfidenceModel, MatchEvidence
from cbvir_core.search.judging import Judge, Question
from cbvir_core.search.localise import confirmed
from cbvir_core.search.options import SearchOptions
from cbvir_core.store import KeyframeRow, VideoRecord
from cbvir_core.types import Image, KeyframeId, VideoId
from cbvir_core.verify import LocalFeatures, Verification

MODEL = ConfidenceModel(
    *2 * ((-10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0, 0.0), (-5.0, 10.0, *5 * (0.0,)), (0.0,) * 3)
)
"""Descriptors decide until a scene is surveyed, and then what is explained alone."""

AGREES = Verification(
    40, 0.5, 0.8, 0.9, 0.4, (0.0, 0.0, 9.0, 9.0), False, np.eye(3), np.zeros((40, 4), np.float32)
)


def told(explained: float, fit: float = 0.9) -> Survey:
    return Survey(1.0, fit, explained, ((0.5, 1.5),), np.eye(3))


@dataclass
class Scripted:
    """A verifier that says of each row what it was told to, and remembers who was asked for."""

    explained: dict[int, float | None]
    asked: list[int] = field(default_factory=list)

    def survey(self, part: Image, scene: Candidate, found: Verification) -> Survey | None:
        row = scene.keyframe.row
        self.asked.append(row)
        explained = self.explained[row]
        return None if explained is None else told(explained)


def candidate(row: int, score: float) -> Candidate:
    video = VideoId(f"{row:02x}")
    keyframe = KeyframeRow(row, KeyframeId(video, 0), 1.0, 0.0, 2.0, 1.0)
    record = VideoRecord(video, (Path("a.mp4"),), True, 0, 2.0, 1, 640, 360, "h264", 1, 0.0)
    return Candidate(keyframe, record, score, "plain")


def weighed(scores: list[float]) -> list[tuple[Candidate, MatchEvidence]]:
    return [
        (candidate(row, score), MatchEvidence(score, 0.1, True, True, AGREES))
        for row, score in enumerate(scores)
    ]


def question() -> Question:
    return Question(np.zeros((4, 4, 3), np.uint8), Future[LocalFeatures](), (0, 0))


def judge(verifier: Scripted) -> Judge:
    return Judge(verifier, MODEL)  # type: ignore[arg-type]


def test_one_survey_is_enough_where_the_first_stays_first() -> None:
    verifier = Scripted({0: 1.0, 1: 1.0, 2: 1.0})
    judge(verifier).survey_likely(weighed([0.9, 0.8, 0.7]), question(), SearchOptions())
    assert verifier.asked == [0]


def test_whoever_comes_first_then_is_asked_too() -> None:
    """Two scenes of the same place and the right one, whose descriptors are not the nearest."""
    verifier = Scripted({0: 0.3, 1: 0.4, 2: 1.0})
    asking = judge(verifier)
    said = asking.survey_likely(weighed([0.9, 0.85, 0.8]), question(), SearchOptions())
    assert verifier.asked == [0, 1, 2]
    best = max(asking.believed(said, question()), key=lambda one: one.probability)
    assert best.candidate.keyframe.row == 2
    assert best.probability > 0.99


def test_a_scene_of_which_nothing_is_kept_is_judged_as_before() -> None:
    verifier = Scripted({0: None, 1: 1.0})
    asking = judge(verifier)
    said = asking.survey_likely(weighed([0.9, 0.6]), question(), SearchOptions())
    assert verifier.asked == [0]
    assert said[0][1].survey is None
    assert asking.believed(said, question())[0].probability == pytest.approx(MODEL.probability(said[0][1]))


def test_where_all_are_wanted_every_likely_one_is_asked() -> None:
    verifier = Scripted(dict.fromkeys(range(4), 1.0))
    judge(verifier).survey_likely(weighed([0.9, 0.8, 0.7, 0.1]), question(), SearchOptions(everywhere=True))
    assert sorted(verifier.asked) == [0, 1, 2]


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.none() | st.floats(0.0, 1.0)), min_size=1, max_size=8))
def test_the_first_one_was_asked_and_nobody_twice(scenes: list[tuple[float, float | None]]) -> None:
    verifier = Scripted({row: explained for row, (_, explained) in enumerate(scenes)})
    asking, asked = judge(verifier), question()
    said = asking.survey_likely(weighed([score for score, _ in scenes]), asked, SearchOptions())
    assert len(set(verifier.asked)) == len(verifier.asked)
    best = max(asking.believed(said, asked), key=lambda one: one.probability)
    assert best.probability < 0.5 or best.candidate.keyframe.row in verifier.asked
    again = asking.survey_likely(weighed([score for score, _ in scenes]), asked, SearchOptions())
    assert [seen for _, seen in again] == [seen for _, seen in said]
    assert len(set(verifier.asked)) == len(verifier.asked)


@given(st.floats(0, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_very_frame_never_says_less(
    explained: float, fit: float, frames: float, frames_fit: float
) -> None:
    moment = Moment(1.2, 1.2, frames_fit, True, 9, 9, explained=frames)
    found = confirmed(told(explained, fit), moment)
    assert found.explained == max(explained, frames)
    assert found.fit == max(fit, frames_fit)
    evidence = MatchEvidence(0.8, 0.1, True, True, AGREES, told(explained, fit))
    assert MODEL.probability(MatchEvidence(0.8, 0.1, True, True, AGREES, found)) >= MODEL.probability(
        evidence
    )
