"""A change of weights: the former weights answer while keyframes move to the new ones."""

from __future__ import annotations

import threading
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pytest

from cbvir_core.decode import decode_still
from cbvir_core.embed import NetworkEncoder, RuntimeOptions
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Image
from support.films import Film
from support.libraries import LibraryOpener, active_generation, store_of


def move_all(library: Library, limit: int = 3) -> int:
    """Move every keyframe, a few at a time; return how many."""
    total = 0
    while step := library.reembed(limit):
        total += step
    return total


def still_picture(library: Library) -> Image:
    video = library.videos()[0]
    return decode_still(library.still(library.keyframes(video.video_id)[1].keyframe_id))


@pytest.fixture
def stored(open_filled: LibraryOpener) -> int:
    """The number of keyframes of the two films that are embedded by ``first``."""
    with open_filled("first") as library:
        return library.counts().keyframes


def test_the_former_weights_answer_until_everything_has_moved(
    open_filled: LibraryOpener, stored: int
) -> None:
    with open_filled("first") as library:
        picture, former = still_picture(library), active_generation(library).generation
        expected = library.search(picture).results
    with open_filled("second") as library:
        assert active_generation(library).generation == former
        before = library.search(picture)
        assert (before.profile, before.results) == ("first", expected)
        assert f"{stored} keyframes" in before.notes[-1]
        assert library.reembed(3) == 3
        assert f"{stored - 3} keyframes" in library.search(picture).notes[-1]
        assert move_all(library) == stored - 3
        after = library.search(picture)
        assert after.profile == library.profile == "second"
        assert library.notes == ()
        assert after.results[0].keyframe_id == expected[0].keyframe_id
        assert after.keyframes_searched == stored
        assert store_of(library).generations() == [active_generation(library).generation]
        assert active_generation(library).generation != former
    with open_filled("second") as library:
        assert library.search(picture).results == after.results
        assert library.reembed() == 0


def test_a_move_goes_on_after_a_restart(open_filled: LibraryOpener, stored: int) -> None:
    with open_filled("second") as library:
        assert library.reembed(4) == 4
        assert library.profile == "first"
    with open_filled("second") as library:
        assert library.profile == "first"
        assert move_all(library) == stored - 4
        assert library.profile == "second"
        assert library.counts() == store_of(library).counts(active_generation(library).generation)
        assert library.counts().filtered == stored


def test_going_back_in_the_middle_costs_nothing(open_filled: LibraryOpener, stored: int) -> None:
    with open_filled("second") as library:
        library.reembed(4)
    with open_filled("first") as library:
        assert library.profile == "first"
        assert library.reembed() == 0
        assert library.notes == ()
        assert library.search(still_picture(library)).keyframes_searched == stored


def test_what_is_added_meanwhile_is_found_before_and_after(
    open_filled: LibraryOpener, films: list[Film], stored: int
) -> None:
    with open_filled("second") as library:
        library.reembed(3)
        added = library.add(films[2].path)
        rows = library.keyframes(added.video_id)
        picture = decode_still(library.still(rows[1].keyframe_id))
        assert library.search(picture).results[0].keyframe_id == rows[1].keyframe_id
        assert move_all(library) == stored - 3 + added.keyframes
        assert library.profile == "second"
        assert library.search(picture).results[0].keyframe_id == rows[1].keyframe_id


def test_without_the_former_files_the_new_weights_answer_from_what_they_have(
    open_filled: LibraryOpener, stored: int, weights: Path, tmp_path: Path
) -> None:
    rest = tmp_path / "models"
    copytree(weights, rest)
    for name in ("first", "refined"):
        rmtree(rest / name)
    with open_filled("second", models_dir=rest) as library:
        picture = still_picture(library)
        assert library.profile == "second"
        answer = library.search(picture)
        assert answer.results == ()
        assert "gone" in answer.notes[-1]
        library.reembed(4)
        assert library.search(picture).keyframes_searched == 4
    with open_filled("second", models_dir=rest) as library:
        assert library.notes
        assert move_all(library) == stored - 4
        assert library.notes == ()
        assert library.search(picture).keyframes_searched == stored


def test_queries_never_fail_while_the_weights_change(open_filled: LibraryOpener, stored: int) -> None:
    with open_filled("second") as library:
        picture = still_picture(library)
        expected = library.search(picture).results[0].keyframe_id
        wrong: list[object] = []
        stop = threading.Event()

        def ask() -> None:
            try:
                while not stop.is_set():
                    found = library.search(picture).results[0].keyframe_id
                    if found != expected:
                        wrong.append(found)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            move_all(library, 2)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert library.profile == "second"
    assert wrong == []


def test_solar_weights_that_come_later_are_taken_on(open_filled: LibraryOpener, stored: int) -> None:
    """The filter stays, so nothing is embedded anew; SOLAR rows are made by queries and backfill."""
    with open_filled("first") as library:
        generation = active_generation(library).generation.number
        assert library.backfill() == 0
        picture = still_picture(library)
    with open_filled("refined") as library:
        assert library.reembed() == 0
        assert active_generation(library).generation.number == generation
        assert library.refined
        answer = library.search(picture)
        assert answer.refined
        assert answer.results[0].score == pytest.approx(1.0, abs=0.01)
        refined = library.counts().refined
        assert 0 < refined < stored
        assert any(f"{stored - refined} of the shortlisted" in note for note in answer.notes)
        assert library.backfill(2) == 2
        while library.backfill(5):
            pass
        assert library.counts().refined == stored
        assert library.search(picture).notes == ()
    with open_filled("first") as library:
        assert not library.refined
        assert library.counts().refined == stored


def test_answers_are_ordered_by_solar(open_filled: LibraryOpener, stored: int, weights: Path) -> None:
    """The answer by descriptors alone against every pair's cosine, computed by torch."""
    with open_filled("refined") as library:
        while library.backfill():
            pass
        picture = np.ascontiguousarray(still_picture(library)[10:, 20:])
        hits = library.search(picture, SearchOptions(verify="never")).results
        rows = [row for video in library.videos() for row in library.keyframes(video.video_id)]
        descriptors, present = store_of(library).refine_rows(
            active_generation(library).generation, [row.row for row in rows]
        )
    assert present.all()
    solar = NetworkEncoder(
        weights / "refined" / "refine.safetensors", "refine", RuntimeOptions(runtime="torch")
    )
    queries = solar.encode([picture, np.ascontiguousarray(picture[:, ::-1])])
    best = np.argsort(-(queries @ descriptors.T).max(axis=0))[:2]
    assert [hit.keyframe_id for hit in hits[:2]] == [rows[at].keyframe_id for at in best]
