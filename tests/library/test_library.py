"""Searches with frames of films, whole, edited, and as parts of other pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import cv2
import numpy as np
import pytest

from cbvir_core.decode import decode_still, encode_still, read_frames
from cbvir_core.errors import UnknownVideo
from cbvir_core.library import Library
from cbvir_core.search import STAGES, SearchOptions
from cbvir_core.types import Image, KeyframeId, Verdict
from support.films import Film, letterboxed
from support.libraries import LibraryOpener, with_networks
from support.services import frame_at


@pytest.fixture(scope="module")
def library(
    films: list[Film], weights: Path, converted: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """A library of all films, for tests that ask it and change nothing."""
    data = with_networks(tmp_path_factory.mktemp("library"), converted)
    usual = SearchOptions(exact_time_s=0)
    with Library.open(data, profile="first", models_dir=weights, search=usual) as opened:
        for film in films:
            record = opened.add(film.path)
            assert record.complete
            assert record.keyframes >= len(film.shots) - 1
        yield opened


def distorted(image: Image) -> Image:
    """Crop a little, brighten, and compress."""
    height, width = image.shape[:2]
    cut = image[height // 25 : -height // 25, width // 25 : -width // 25]
    brighter = cv2.convertScaleAbs(cut, alpha=1.1, beta=6)
    data = cv2.imencode(".jpg", brighter, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_a_distorted_frame_finds_film_and_time(films: list[Film], library: Library) -> None:
    right = []
    for film in films:
        for time_s in film.middles:
            best = library.search(distorted(frame_at(film.path, time_s))).results[0]
            assert best.path == film.path
            right.append(film.shows(time_s, best.scene_start_s, best.scene_end_s))
    assert sum(right) >= 0.75 * len(right)  # the network is random: real weights do better


def test_query_forms_and_the_parts_of_an_answer(films: list[Film], library: Library, tmp_path: Path) -> None:
    picture = frame_at(films[0].path, films[0].middles[1])
    file = tmp_path / "query.png"
    cv2.imwrite(str(file), picture[..., ::-1])
    answers = [library.search(form) for form in (picture, file, str(file), encode_still(picture, 95))]
    assert library.profile == "first"
    assert not library.refined
    for answer in answers:
        assert answer.verdict == answer.results[0].verdict == Verdict.MATCH
        assert answer.profile == "first"
        assert not answer.refined
        assert any("SOLAR" in note for note in answer.notes)
        assert set(answer.stages_ms) == set(STAGES)
        assert 0 < answer.shortlisted <= answer.keyframes_searched
        assert [hit.rank for hit in answer.results] == list(range(1, len(answer.results) + 1))
        scores = [hit.score for hit in answer.results]
        assert scores == sorted(scores, reverse=True)
        assert len({(hit.scene_start_s, hit.scene_end_s) for hit in answer.results}) == len(answer.results)


def test_variants_find_mirrored_and_letterboxed_frames(films: list[Film], library: Library) -> None:
    picture = frame_at(films[1].path, films[1].middles[0])
    boxed = cv2.copyMakeBorder(picture, 60, 60, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    variants = [
        library.search(np.ascontiguousarray(query)).results[0].variant
        for query in (picture, picture[:, ::-1], boxed, boxed[:, ::-1])
    ]
    assert variants == ["plain", "mirrored", "borders_removed", "borders_removed+mirrored"]


def test_region_asks_for_a_part_of_the_picture(films: list[Film], library: Library) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    page = np.full((400, 500, 3), 255, np.uint8)
    page[::7] = 0
    page[100:280, 90:410] = picture
    answer = library.search(page, SearchOptions(region=(90, 100, 320, 180), exact_time_s=0))
    best = answer.results[0]
    assert best.verdict == Verdict.MATCH
    assert best.evidence is not None
    # In pixels of the page: the frame lies at (90, 100), 320 x 180.
    np.testing.assert_allclose(best.evidence.region, (90, 100, 410, 280), atol=8)
    corner = best.evidence.homography @ (90, 100, 1)
    np.testing.assert_allclose(corner[:2] / corner[2], (0, 0), atol=20)  # the camera moves in the scene


def test_a_picture_in_a_page_is_found_without_naming_the_part(films: list[Film], library: Library) -> None:
    time_s = films[0].middles[1]
    picture = frame_at(films[0].path, time_s)
    page = np.full((520, 700, 3), 250, np.uint8)
    page[40:60, 40:560] = page[80:90, 40:460] = 40
    page[300:480, 340:660] = picture
    best = library.search(page).results[0]
    alone = library.search(page, SearchOptions(regions=False, exact_time_s=0))
    assert (best.path, best.verdict) == (films[0].path, Verdict.MATCH)
    assert films[0].shows(time_s, best.scene_start_s, best.scene_end_s)
    assert best.evidence is not None
    np.testing.assert_allclose(best.evidence.region, (340, 300, 660, 480), atol=30)  # the camera moves
    assert alone.stages_ms["regions"] == 0.0


def test_the_very_frame_is_named(films: list[Film], library: Library) -> None:
    """Films have 12 frames a second."""
    right = []
    for film in films[:2]:
        for time_s in film.middles:
            with read_frames(film.path, samples_per_s=None, mode="every") as frames:
                frame = next(frame for frame in frames if frame.time_s >= time_s)
            best = library.search(frame.image, SearchOptions(exact_time_s=60)).results[0]
            right.append(best.exact and abs(best.time_s - frame.time_s) <= 1.01 / 12)
            keyframe = library.search(frame.image, SearchOptions(exact_time_s=0)).results[0]
            assert (keyframe.exact, keyframe.time_note) == (False, "")
    assert sum(right) >= 0.85 * len(right)


def test_parts_of_a_picture_never_make_its_answer_less_probable(films: list[Film], library: Library) -> None:
    rng = np.random.default_rng(4)
    for film in films[:2]:
        frame = frame_at(film.path, film.middles[1])
        noisy = np.clip(frame + rng.normal(0, 45, frame.shape), 0, 255).astype(np.uint8)
        stranger = rng.integers(0, 255, frame.shape, dtype=np.uint8)
        for picture in (frame, noisy, stranger):
            scores = [
                max((hit.score for hit in library.search(picture, options).results), default=0.0)
                for options in (
                    SearchOptions(exact_time_s=0, regions=False),
                    SearchOptions(exact_time_s=0, regions=True),
                )
            ]
            assert scores[1] >= scores[0]


def test_where_the_very_frame_is_sure_no_parts_are_looked_for(films: list[Film], library: Library) -> None:
    """Parts take longer than the frame, and the time that the frame has was gone when they came first."""
    frame, thumbnails = (
        SearchOptions(exact_time_s=60, regions=False),
        SearchOptions(exact_time_s=0, regions=False),
    )
    raised, shots = 0, [(film, time_s) for film in films for time_s in film.middles]
    for film, time_s in shots:
        picture = frame_at(film.path, time_s)
        more, less = (library.search(picture, one).results[0].score for one in (frame, thumbnails))
        if more - less < 1e-3:
            continue
        asked = SearchOptions(exact_time_s=60, match_score=(more + less) / 2)
        answer = library.search(picture, asked)
        assert (answer.results[0].score, answer.stages_ms["regions"]) == (more, 0.0)
        assert library.search(picture, replace(asked, exact_time_s=0)).stages_ms["regions"] > 0.0
        raised += 1
        if raised == 3:
            break
    assert raised == 3


def test_an_offline_file_gives_the_time_of_a_frame_that_indexing_saw(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    copy = tmp_path / "film.mp4"
    copyfile(films[0].path, copy)
    picture = frame_at(copy, films[0].middles[0])
    with open_library() as library:
        library.add(copy)
        there = library.search(picture, SearchOptions(exact_time_s=0)).results[0]
        copy.unlink()
        gone = library.search(picture, SearchOptions(exact_time_s=60)).results[0]
    assert not gone.exact
    assert abs(gone.time_s - films[0].middles[0]) <= 1 / 3 + 1e-3
    assert abs(gone.time_s - films[0].middles[0]) <= abs(there.time_s - films[0].middles[0])
    assert "indexing looked at" in gone.time_note


def test_bars_of_a_film_are_cut_before_it_is_embedded(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    """A letterboxed copy has the stills of the film itself, and a moment is found in it all the same."""
    boxed = letterboxed(films[0], tmp_path / "boxed.mp4")
    with read_frames(films[0].path, samples_per_s=None, mode="every") as reader:
        shown = next(frame for frame in reader if frame.time_s >= films[0].middles[1])
    with open_library() as library:
        known = []
        record = library.add(boxed, lambda *_: known.append(library.videos()[0].borders))
        best = library.search(shown.image, SearchOptions(exact_time_s=60)).results[0]
        still = library.still(best.keyframe_id)
    assert record.borders is not None
    assert set(known) == {record.borders}, "known as soon as anything can be found"
    assert decode_still(still).shape[1::-1] == record.still_size
    np.testing.assert_allclose(record.borders, (0, 38, 320, 218), atol=3)
    assert abs(decode_still(still).shape[0] - 180) <= 3
    assert abs(best.time_s - shown.time_s) <= 1.5 / 12


def test_points_are_compared_as_the_options_say(films: list[Film], library: Library) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    always, auto, never = (
        library.search(picture, SearchOptions(verify=when)) for when in ("always", "auto", "never")
    )
    assert library.backfill_features(99) >= 0
    assert library.backfill_features() == 0
    for answer in (always, auto):
        assert answer.results[0].evidence is not None
        assert answer.stages_ms["verify"] > 0
    assert all(hit.evidence is None for hit in never.results)
    assert never.results[0].score < always.results[0].score


def test_evidence_shows_both_pictures(films: list[Film], library: Library) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    best = library.search(picture).results[0].keyframe_id
    still = library.evidence(picture, best, ["a line"])
    frame = library.evidence(picture, best, ["a line"], time_s=0.0)
    assert still.shape == frame.shape
    assert still.shape[1] > 2 * picture.shape[1]
    assert (still != frame).any()
    with pytest.raises(UnknownVideo):
        library.evidence(picture, KeyframeId(best.video, 10**6))


def test_within_limits_to_folder_path_or_id(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "folder" / "other.mp4"
    other.parent.mkdir()
    copyfile(films[1].path, other)
    picture = frame_at(films[0].path, films[0].middles[0])
    with open_library() as library:
        first = library.add(films[0].path)
        second = library.add(other)
        assert library.search(picture).results[0].keyframe_id.video == first.video_id
        roundabout = other.parent / ".." / other.parent.name
        for place in (other.parent, roundabout, str(roundabout), other, second.video_id[:12]):
            answer = library.search(picture, SearchOptions(within=(place,)))
            assert {hit.keyframe_id.video for hit in answer.results} == {second.video_id}
            assert answer.keyframes_searched == second.keyframes
        both = library.search(picture, SearchOptions(within=(other, films[0].path)))
        assert both.keyframes_searched == first.keyframes + second.keyframes
        with pytest.raises(UnknownVideo, match="nowhere"):
            library.search(picture, SearchOptions(within=(tmp_path / "nowhere",)))
        monkeypatch.chdir("/")
        with pytest.raises(UnknownVideo, match="no video goes by ''"):
            library.search(picture, SearchOptions(within=("",)))


@pytest.mark.parametrize("value", [0, 255, 77])
def test_a_picture_of_one_colour_matches_nothing(library: Library, value: int) -> None:
    answer = library.search(np.full((180, 320, 3), value, np.uint8))
    assert answer.verdict == Verdict.NONE
    assert answer.results == ()
    assert "one colour" in answer.notes[0]


def test_an_empty_library_answers(open_library: LibraryOpener) -> None:
    with open_library() as library:
        answer = library.search(np.random.default_rng(0).integers(0, 256, (90, 160, 3)).astype(np.uint8))
    assert (answer.verdict, answer.results, answer.keyframes_searched) == (Verdict.NONE, (), 0)
