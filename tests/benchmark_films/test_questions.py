"""The questions, made of a film of five seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.films.edits import EDIT_KINDS
from bench.films.film_frames import difference, frames_at, frames_from, looks_equal, span_shows
from bench.films.making import make_film
from bench.films.plan import FILM_RATE, FILM_SIZE, FIXED_GOP, X264, FilmPlan, Stretch
from bench.films.questions import (
    DrawnFrame,
    FilmMoment,
    absent_kinds,
    absent_questions,
    asked_questions,
    draw_frames,
    drawn_times,
    frames_needed,
    known_kinds,
    taken,
    thinned,
)
from cbvir_core.decode import read_frames, read_picture
from cbvir_core.types import Image

CLIPS = ("learning-area--pig.mp4", "learning-area--rabbit320.mp4")


@pytest.fixture(scope="module")
def film(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FilmPlan]:
    """Three seconds of one clip, which is asked about, and two of another that is not."""
    clips = [shared / "videos" / name for name in CLIPS]
    shown = (Stretch(clips[1], 2 * FILM_RATE, False), Stretch(clips[0], 3 * FILM_RATE, True))
    plan = FilmPlan("tiny", shown, (*X264, *FIXED_GOP))
    return make_film(plan, tmp_path_factory.mktemp("films")), plan


def test_a_film_is_as_planned_and_is_made_once(film: tuple[Path, FilmPlan]) -> None:
    path, plan = film
    made_at = path.stat().st_mtime_ns
    assert make_film(plan, path.parent) == path
    assert path.stat().st_mtime_ns == made_at
    frames = list(frames_from(path))
    assert len(frames) == 5 * FILM_RATE
    assert [at for at, _ in frames] == pytest.approx(np.arange(150) / FILM_RATE, abs=1e-4)
    assert [number for number, (_, frame) in enumerate(frames) if frame.key_frame] == [0]
    assert {(frame.width, frame.height) for _, frame in frames} == {FILM_SIZE}


def test_times_are_those_that_cbvir_reads(film: tuple[Path, FilmPlan]) -> None:
    with read_frames(film[0], samples_per_s=None, mode="every") as reader:
        theirs = [(frame.time_s, frame.image) for frame in reader]
    ours = list(frames_at(film[0], [1.0, 4.0]))
    for at_s, image in ours:
        nearest = min(theirs, key=lambda one: abs(one[0] - at_s))
        assert nearest[0] == pytest.approx(at_s, abs=1e-4)
        assert difference(nearest[1], image) < 2.0


def test_a_time_shows_the_frame_before_it(film: tuple[Path, FilmPlan]) -> None:
    times = [at_s for at_s, _ in frames_at(film[0], [2.01, 0.0, 2.032, 99.0])]
    assert times == pytest.approx([0.0, 2.0, 2.0, 149 / FILM_RATE], abs=1e-4)


def test_frames_are_compared_at_their_times(film: tuple[Path, FilmPlan]) -> None:
    path = film[0]
    assert looks_equal(path, 1.0, 1.0)
    assert not looks_equal(path, 1.0, 3.0)
    assert span_shows(path, 0.5, 1.5, 1.0)
    assert not span_shows(path, 2.5, 4.0, 1.0)


def test_times_by_chance_are_in_what_is_asked_about(film: tuple[Path, FilmPlan]) -> None:
    drawn = drawn_times(film[1], 200, np.random.default_rng(0))
    assert {clip for _, clip in drawn} == {CLIPS[0]}
    assert min(at for at, _ in drawn) < 2.2
    assert max(at for at, _ in drawn) > 4.8
    assert all(2.0 <= at <= 5.0 for at, _ in drawn)


def test_drawn_frames_are_those_of_the_film(film: tuple[Path, FilmPlan]) -> None:
    drawn = draw_frames(dict([film]), 6, seed=3, purpose=0)
    assert len(drawn) == 6
    assert drawn == draw_frames(dict([film]), 6, seed=3, purpose=0)
    assert drawn != draw_frames(dict([film]), 6, seed=3, purpose=1)
    for one in drawn:
        (_, image), *_ = frames_at(film[0], [one.moment.time_s + 0.001])
        assert difference(read_picture(one.jpeg), image) < 4.0


def test_every_kind_is_asked_with_frames_of_its_own(film: tuple[Path, FilmPlan]) -> None:
    kinds = ("unedited", "crop 40", "contact sheet")
    assert frames_needed(kinds, 4, 2) == 4 + 2 + 18
    drawn = draw_frames(dict([film]), 24, seed=0, purpose=0)
    asked = asked_questions(drawn, kinds, 4, 2)
    assert Counter(one.kind for one in asked) == {"unedited": 4, "crop 40": 2, "contact sheet": 2}
    assert [moment for one in asked for moment in one.moments] == [one.moment for one in drawn]
    assert taken(list(drawn), 2) == drawn[:2]
    sheet: Image = asked[-1].image(0)
    assert sheet.shape[1] > 3 * 320
    assert np.array_equal(asked[0].image(0), read_picture(drawn[0].jpeg))


def test_pictures_of_several_frames_show_different_clips() -> None:
    frames = [DrawnFrame(FilmMoment(Path("a.mp4"), at, clip), b"") for at, clip in enumerate("xxxyyz")]
    left = list(frames)
    assert [one.moment.clip for one in taken(left, 4)] == ["x", "y", "z", "x"]
    assert [one.moment.time_s for one in left] == [2, 4]


def test_absent_frames_have_no_right_moment_and_tell_their_series(film: tuple[Path, FilmPlan]) -> None:
    drawn = draw_frames(dict([film]), 8, seed=0, purpose=1)
    near = absent_questions(drawn, ("unedited", "mirror"), 8, ["learning-area--elf.mp4"])
    far = absent_questions(drawn, ("unedited", "mirror"), 8, ["moviepy--chaplin.mp4"])
    assert {one.role for one in near} == {"absent clip of a series"}
    assert {one.role for one in far} == {"absent clip"}
    assert not any(one.moments for one in (*near, *far))
    assert Counter(one.kind for one in near) == {"unedited": 4, "mirror": 4}


def test_half_of_what_is_absent_is_unedited() -> None:
    kinds = absent_kinds(EDIT_KINDS, 100)
    assert len(kinds) == 100
    assert kinds.count("unedited") == 50
    assert len(set(kinds)) == len(EDIT_KINDS)
    assert absent_kinds(["unedited"], 7) == ["unedited"] * 7
    assert absent_kinds(["mirror"], 2) == ["mirror", "mirror"]


def test_kinds_keep_the_order_of_the_tables() -> None:
    assert known_kinds(()) == list(EDIT_KINDS)
    assert known_kinds(("collage", "unedited")) == ["unedited", "collage"]


def test_thinning_keeps_every_kind(film: tuple[Path, FilmPlan]) -> None:
    drawn = draw_frames(dict([film]), 12, seed=0, purpose=0)
    asked = asked_questions(drawn, ("unedited", "mirror", "grey"), 4, 4)
    kept = list(thinned([*asked, replace(asked[0], role="photograph")], 3))
    assert Counter(one.kind for one in kept if one.role == "asked") == {"unedited": 2, "mirror": 2, "grey": 2}
    assert kept[-1].role == "photograph"
