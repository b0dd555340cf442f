"""Outcomes of answers made by hand, and the figures over them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.films.figures import FilmFigure, figures
from bench.films.judging import FilmJudge, FilmOutcome
from bench.films.questions import FilmMoment, FilmQuestion
from cbvir_core.types import Answer, Hit, KeyframeId, Verdict, VideoId

FILM, OTHER = Path("/films/one.mp4"), Path("/films/other.mp4")


def hit(path: Path, time_s: float, verdict: Verdict = Verdict.MATCH) -> Hit:
    return Hit(1, KeyframeId(VideoId("a"), 0), path, time_s, 2.0, 4.0, 0.95, verdict, "plain")


def answer(*hits: Hit) -> Answer:
    return Answer(
        hits[0].verdict if hits else Verdict.NONE, hits, 100.0, {"find": 5.0}, 10, 5, "builtin", True
    )


def question(*times_s: float, kind: str = "unedited") -> FilmQuestion:
    moments = tuple(FilmMoment(FILM, time_s, "clip") for time_s in times_s)
    return FilmQuestion("asked" if moments else "absent clip", kind, "key", (b"",), moments, ("clip",))


def judged(asked: FilmQuestion, given: Answer, *, equal: bool = False, shown: bool = False) -> FilmOutcome:
    return FilmJudge(lambda *_: equal, lambda *_: shown).judge(asked, given)


@pytest.mark.parametrize(
    ("true_s", "expected"),
    [
        (3.0, (True, True, True, True)),
        (3.05, (True, True, True, True)),
        (3.06, (True, True, True, False)),
        (2.0, (True, True, True, False)),
        (1.9, (True, True, False, False)),
        (4.4, (True, False, False, False)),
    ],
)
def test_a_hit_at_three_seconds(true_s: float, expected: tuple[bool, ...]) -> None:
    found = judged(question(true_s), answer(hit(FILM, 3.0)))
    assert (found.video, found.scene, found.near, found.moment) == expected
    assert found.off_s == pytest.approx(abs(true_s - 3.0))


def test_a_frame_that_looks_the_same_is_right_everywhere() -> None:
    found = judged(question(90.0), answer(hit(FILM, 3.0)), equal=True)
    assert (found.scene, found.near, found.moment) == (True, True, True)


def test_a_scene_that_shows_the_frame_is_right_and_the_moment_is_not() -> None:
    found = judged(question(90.0), answer(hit(FILM, 3.0)), shown=True)
    assert (found.scene, found.near, found.moment) == (True, False, False)


def test_another_film_is_wrong_and_its_frames_are_not_looked_at() -> None:
    found = judged(question(3.0), answer(hit(OTHER, 3.0)), equal=True, shown=True)
    assert not any((found.video, found.scene, found.near, found.moment))
    assert found.off_s is None


def test_every_frame_of_a_collage_is_right() -> None:
    asked = question(50.0, 3.02, kind="collage")
    assert judged(asked, answer(hit(FILM, 3.0))).moment
    assert judged(replace(asked, moments=asked.moments[:1]), answer(hit(FILM, 3.0))).scene is False


def test_no_hit_and_no_right_answer() -> None:
    nothing = judged(question(3.0), answer())
    assert (nothing.video, nothing.probability, nothing.time_s, nothing.verdict) == (False, 0.0, None, "none")
    absent = judged(question(), answer(hit(FILM, 3.0)))
    assert (absent.video, absent.scene, absent.probability, absent.verdict) == (False, False, 0.95, "match")


def test_figures_by_hand() -> None:
    right = judged(question(3.0), answer(hit(FILM, 3.0)))
    likely = judged(question(3.0, kind="crop"), answer(hit(FILM, 3.0, Verdict.LIKELY)))
    wrong = judged(question(3.0, kind="mirror"), answer(hit(OTHER, 3.0)))
    captioned = replace(right, kind="captions")
    small = replace(right, kind="crop 25")
    absent = judged(question(), answer(hit(FILM, 3.0)))
    found = {one.name: one for one in figures([right, likely, wrong, captioned, small, absent, absent])}
    assert found["unedited: right scene"].value == 1.0
    assert found["edits, those apart left out: within 1 s"].value == pytest.approx(2 / 3)
    assert found["the worst of these kinds: mirror"].value == 0.0
    assert found["edits: right scenes called a match"].value == pytest.approx(2 / 3)
    assert found["captions: right scenes called a match"].value == 1.0
    assert found["wrong answers called a match"].missed
    assert found["wrong answers called a match"].note == "1 of 1"
    assert found["absent ones called a match"].value == 1.0
    assert found["calibration error, unanswered"].value == pytest.approx(0.95)
    assert found["crop 25: within 1 s"].goal is None


def test_a_goal_is_missed_on_its_own_side_only() -> None:
    assert FilmFigure("x", 0.9, 0.95, 10).missed
    assert not FilmFigure("x", 0.95, 0.95, 10).missed
    assert FilmFigure("x", 0.02, 0.01, 10, at_most=True).missed
    assert not FilmFigure("x", 0.01, 0.01, 10, at_most=True).missed
    assert not FilmFigure("x", float("nan"), 0.95, 0).missed
