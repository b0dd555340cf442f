"""A stock shot of many films, several times in each, is found every time and in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.library import Library
from cbvir_core.search import FRAME_NOTE, KEYFRAME_NOTE, LIKELY_PROBABILITY, SearchOptions, bounds
from cbvir_core.search.judge import BOUND_NOTE
from cbvir_core.types import Answer, Image, Verdict
from support.films import Film, cut_together, draw_film
from support.libraries import with_networks
from support.services import frame_at

FILMS = 6
ALL = SearchOptions(everywhere=True, exact_time_s=0)
NOT_DECODED = {KEYFRAME_NOTE, FRAME_NOTE}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """What the films are made of: its first shot is the one that all of them use."""
    return draw_film(
        tmp_path_factory.mktemp("material") / "material.mp4", seed=7, shots=12, size=(320, 180), rate=12
    )


@pytest.fixture(scope="module")
def archive(material: Film, tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Films that show the shot twice each, with others before, between and after, and one without it."""
    folder = tmp_path_factory.mktemp("archive")
    stock = material.shots[0].scene
    others = [n for n, shot in enumerate(material.shots) if shot.scene != stock]
    films = []
    for number in range(FILMS):
        before, between, after = (others[(number + step) % len(others)] for step in (0, 3, 5))
        parts = [(material, shot) for shot in (before, 0, between, 0, after)]
        films.append(cut_together(folder / f"film-{number:02d}.mp4", parts, longest_s=2.0))
    without = [(material, shot) for shot in others[:4]]
    films.append(cut_together(folder / "without.mp4", without, longest_s=2.0))
    return films


@pytest.fixture(scope="module")
def library(
    archive: list[Film], weights: Path, converted: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    data = with_networks(tmp_path_factory.mktemp("data"), converted)
    with Library.open(data, profile="first", models_dir=weights) as opened:
        for film in archive:
            opened.add(film.path)
        yield opened


@pytest.fixture(scope="module")
def picture(material: Film) -> Image:
    return frame_at(material.path, material.middles[0])


def shown(films: list[Film], answer: Answer) -> list[tuple[str, int]]:
    """Film and shot of each result, in the order of the grouping; the shot is the one at its keyframe."""
    shots = {film.path: film.shots for film in films}
    return [
        (video.path.name, next(n for n, s in enumerate(shots[video.path]) if hit.time_s < s.end_s))
        for video in answer.videos
        for hit in video.scenes
    ]


def test_every_occurrence_is_a_result(library: Library, archive: list[Film], picture: Image) -> None:
    answer = library.search(picture, ALL)
    found = shown(archive, answer)
    wanted = {(film.path.name, shot) for film in archive[:FILMS] for shot in (1, 3)}
    assert wanted <= set(found)
    assert not {name for name, _ in found} & {archive[FILMS].path.name}
    assert {shot for _, shot in found} <= {1, 3}
    assert len(answer.videos) == FILMS
    assert [len(video.scenes) >= 2 for video in answer.videos] == [True] * FILMS
    assert all(hit.occurrences == () and hit.time_note in NOT_DECODED for hit in answer.results)
    assert answer.verdict == Verdict.MATCH
    assert not any("there may be more" in note for note in answer.notes)


def test_one_answer_stands_for_many_otherwise(library: Library, picture: Image) -> None:
    """What `everywhere` is for: these are folded, and cut."""
    usual = library.search(picture, SearchOptions(exact_time_s=0))
    every = library.search(picture, ALL)
    assert len(usual.results) <= 10 < 2 * FILMS <= len(every.results)
    likely = {hit.keyframe_id: hit.score for hit in usual.results if hit.score >= LIKELY_PROBABILITY}
    said = {hit.keyframe_id: hit.score for hit in every.results}
    assert likely.keys() <= said.keys()


def test_it_is_limited_by_folder_and_by_region(library: Library, archive: list[Film], picture: Image) -> None:
    places = (archive[2].path, archive[5].path)
    answer = library.search(picture, SearchOptions(everywhere=True, exact_time_s=0, within=places))
    assert {video.path for video in answer.videos} == set(places)
    height, width = picture.shape[:2]
    framed = np.full((height + 80, width + 200, 3), 128, np.uint8)
    framed[:height, :width] = picture
    parted = SearchOptions(everywhere=True, exact_time_s=0, region=(0, 0, width, height))
    assert shown(archive, library.search(framed, parted)) == shown(archive, library.search(picture, ALL))


def test_the_best_has_its_very_moment(library: Library, picture: Image) -> None:
    """So has the best one of the first pass; of scenes that show the same it may be another one."""
    results = library.search(picture, SearchOptions(everywhere=True, exact_time_s=60)).results
    decoded = [hit for hit in results if hit.time_note not in NOT_DECODED]
    assert decoded[0] == results[0]
    assert len(decoded) <= 2
    assert all(hit.exact for hit in decoded)


def test_what_is_nowhere_has_no_results(library: Library, tmp_path: Path) -> None:
    film = draw_film(tmp_path / "stranger.mp4", seed=99, shots=1, size=(320, 180), rate=12)
    answer = library.search(frame_at(film.path, 0.5), ALL)
    assert (answer.results, answer.videos, answer.verdict) == ((), (), Verdict.NONE)
    blank = library.search(np.full((180, 320, 3), 128, np.uint8), ALL)
    assert (blank.results, blank.verdict) == ((), Verdict.NONE)
    assert "one colour" in blank.notes[0]


def test_the_bound_is_said(library: Library, picture: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "EVERY_SCENE", replace(bounds.EVERY_SCENE, candidates=6))
    answer = library.search(picture, ALL)
    assert len(answer.results) in (6, 7)  # and perhaps the best one of the first pass
    assert answer.notes.count(BOUND_NOTE.format(count=6)) == 1


def test_without_points_descriptors_decide(library: Library, archive: list[Film], picture: Image) -> None:
    answer = library.search(picture, SearchOptions(everywhere=True, exact_time_s=0, verify="never"))
    assert all(hit.evidence is None for hit in answer.results)
    wanted = {(film.path.name, shot) for film in archive[:FILMS] for shot in (1, 3)}
    assert wanted <= set(shown(archive, answer))
