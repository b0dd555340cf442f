"""The division of the clips, and the plans of films."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bench.films.parts import ClipParts, divide, series
from bench.films.plan import ENCODINGS, FILM_RATE, FilmPlan, Stretch, deal
from bench.retrieval.clips import clips_in, family, never_learnt


@pytest.fixture(scope="module")
def parts(shared: Path) -> tuple[ClipParts, ClipParts]:
    """The first part of all clips, and the last."""
    clips = clips_in(shared / "videos")
    return divide(clips, last=False), divide(clips, last=True)


def test_no_family_is_in_both_parts(parts: tuple[ClipParts, ClipParts]) -> None:
    first, last = ({family(clip.name) for clip in (*part.asked, *part.absent)} for part in parts)
    assert not first & last
    assert len(last) == round(len(first | last) / 3)


def test_what_is_asked_about_was_never_learnt_and_has_one_version(parts: tuple[ClipParts, ClipParts]) -> None:
    for part in parts:
        everything = (*part.asked, *part.absent, *part.company, *part.absent_company)
        assert len({family(clip.name) for clip in everything}) == len(everything)
        assert all(never_learnt(clip.name) for clip in (*part.asked, *part.absent))
        assert not any(never_learnt(clip.name) for clip in (*part.company, *part.absent_company))
        assert len(part.asked) >= 3
        assert part.absent


def test_absent_clips_have_a_clip_of_their_series_in_the_library(parts: tuple[ClipParts, ClipParts]) -> None:
    for part in parts:
        there = {series(clip.name) for clip in (*part.asked, *part.company)}
        absent = [series(clip.name) for clip in (*part.absent, *part.absent_company)]
        assert set(absent) <= there


@pytest.fixture
def stretches(tmp_path: Path) -> list[Stretch]:
    """Fifteen stretches, five of them asked about."""
    clips = [tmp_path / f"clip-{number}.mp4" for number in range(15)]
    for number, clip in enumerate(clips):
        clip.write_bytes(b"x" * number)
    return [Stretch(clip, 40 + 7 * number, number % 3 == 0) for number, clip in enumerate(clips)]


def test_every_film_has_something_to_ask_about_and_no_clip_is_shown_twice(stretches: list[Stretch]) -> None:
    films = deal(stretches, seed=0)
    assert [film.name for film in films] == list(ENCODINGS)
    dealt = [one for film in films for one in film.stretches]
    assert sorted(dealt, key=lambda one: one.frames) == stretches
    assert all(any(one.asked for one in film.stretches) for film in films)
    assert max(film.duration_s for film in films) < 1.5 * min(film.duration_s for film in films)


def test_plans_are_the_same_for_the_same_clips(stretches: list[Stretch]) -> None:
    names = [film.file_name for film in deal(stretches, seed=0)]
    assert names == [film.file_name for film in deal(list(reversed(stretches)), seed=0)]
    stretches[4].clip.write_bytes(b"another content")
    changed = [film.file_name for film in deal(stretches, seed=0)]
    assert sum(one != other for one, other in zip(names, changed, strict=True)) == 1


def test_few_clips_make_fewer_films(stretches: list[Stretch]) -> None:
    films = deal([one for one in stretches if not one.asked or one.clip.stem == "clip-3"], seed=0)
    assert [film.name for film in films] == ["gop-1"]


def test_spans_follow_each_other(stretches: list[Stretch]) -> None:
    film = FilmPlan("film", tuple(stretches), ())
    spans = film.spans()
    assert spans[0][1] == 0.0
    assert spans[-1][2] == pytest.approx(film.duration_s)
    for (one, start, end), (_, following, _) in pairwise(spans):
        assert end - start == pytest.approx(one.frames / FILM_RATE)
        assert end == following
