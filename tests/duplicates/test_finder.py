"""The comparison on made rows: what is planted is found once, whatever is new, stopped or forgotten."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.duplicates import ComparisonProgress, DuplicateFinder, DuplicateKind, duplicate_groups
from cbvir_core.duplicates.joining import joined_segments
from cbvir_core.duplicates.stretches import CONTEXT_S, STRETCH_S, next_stretch
from cbvir_core.errors import ComparisonBusy
from cbvir_core.index import FrameIndex
from cbvir_core.store import KeyframeRow, SharedSegment, Store
from cbvir_core.types import FrameCodes, KeyframeId, VideoId
from support.made_rows import MadeVideo, RowMaker, add_made_video, joined, video_name

TESTS = Path(__file__).resolve().parents[1]

FILM, COPY, EXCERPT, REUSER, STRANGER, BLANK = (video_name(number) for number in range(6))


class Stopped(Exception):
    """Ends a comparison from outside."""


def fill(store: Store, maker: RowMaker) -> None:
    """Add a film, its copy, an excerpt, a film with a part of it, and one that shares nothing."""
    film = maker.video(400.0)
    reuser = joined([maker.video(50.0), maker.copied(film, 150.0, 190.0), maker.video(100.0)])
    made = [
        film,
        maker.copied(film, -1.0, film.duration_s),
        maker.copied(film, 100.0, 130.0),
        reuser,
        maker.video(300.0),
    ]
    for number, video in enumerate(made):
        add_made_video(store, number, video)


@pytest.fixture
def filled(store: Store, maker: RowMaker) -> Store:
    fill(store, maker)
    return store


@pytest.fixture
def index_of_filled(filled: Store, index: FrameIndex) -> FrameIndex:
    index.refresh()
    return index


def pairs(found: list[SharedSegment]) -> set[frozenset[VideoId]]:
    return {frozenset((one.first, one.second)) for one in found}


def as_found(store: Store) -> list[SharedSegment]:
    """What the store has, without what differs by the order in which it was found."""
    return sorted(store.shared_segments(), key=repr)


def numbers(segments: list[SharedSegment]) -> list[float]:
    return [
        number
        for one in segments
        for number in (*one.first_span, *one.second_span, one.speed, one.similarity, one.probability)
    ]


def assert_same(found: list[SharedSegment], expected: list[SharedSegment]) -> None:
    """The same but for rounding: two processes may add the same numbers in another order."""

    def videos(segments: list[SharedSegment]) -> list[tuple[object, ...]]:
        return [(one.first, one.second, one.is_reversed) for one in segments]

    assert videos(found) == videos(expected)
    assert numbers(found) == pytest.approx(numbers(expected), abs=1e-5)


RELATED = {
    frozenset(pair)
    for pair in [(FILM, COPY), (FILM, EXCERPT), (COPY, EXCERPT), (FILM, REUSER), (COPY, REUSER)]
}


def kinds(store: Store) -> list[DuplicateKind]:
    durations_s = {video.video_id: video.duration_s or 0.0 for video in store.videos()}
    return [group.kind for group in duplicate_groups(store.shared_segments(), durations_s, 3.0)]


def test_what_was_planted_is_found_and_nothing_else(filled: Store, index_of_filled: FrameIndex) -> None:
    done = DuplicateFinder(filled, index_of_filled).run()
    assert done.videos_done == done.videos == 5
    assert done.done_s == pytest.approx(done.total_s, rel=1e-6)
    found = joined_segments(filled.shared_segments())
    assert pairs(found) == RELATED
    assert len(found) == len(RELATED)
    whole = next(one for one in found if {one.first, one.second} == {FILM, COPY})
    length_s = filled.keyframes(FILM)[-1].scene_end_s
    assert whole.first_span == pytest.approx((0.0, length_s), abs=3.0)
    assert whole.second_span == pytest.approx(whole.first_span, abs=1.0)
    assert kinds(filled) == [
        DuplicateKind.COPY,
        DuplicateKind.EXCERPT,
        DuplicateKind.REUSE,
        DuplicateKind.REUSE,
    ]


def test_a_second_run_compares_only_what_is_new(
    filled: Store, index_of_filled: FrameIndex, maker: RowMaker
) -> None:
    finder = DuplicateFinder(filled, index_of_filled)
    finder.run()
    before = as_found(filled)
    assert finder.run() == ComparisonProgress()
    assert as_found(filled) == before
    film = filled.frame_codes([scene.row for scene in filled.keyframes(FILM)])
    ends_s = np.array([scene.scene_end_s for scene in filled.keyframes(FILM)])
    again = maker.copied(MadeVideo(ends_s, tuple(one for one in film if one is not None)), 200.0, 260.0)
    add_made_video(filled, 9, again)
    done = finder.run()
    assert done.videos == 1
    assert done.total_s == pytest.approx(again.duration_s)
    assert pairs(as_found(filled)) - RELATED == {
        frozenset((video_name(9), FILM)),
        frozenset((video_name(9), COPY)),
    }


def test_a_run_that_is_stopped_goes_on_and_finds_the_same(filled: Store, index_of_filled: FrameIndex) -> None:
    steps = 0

    def stop_soon(progress: ComparisonProgress) -> None:
        nonlocal steps
        steps += 1
        if steps % 3 == 0:
            raise Stopped

    finder, stops = DuplicateFinder(filled, index_of_filled, threads=1), 0
    while True:
        try:
            finder.run(listener=stop_soon)
            break
        except Stopped:
            stops += 1
    assert stops >= 4
    piecewise = as_found(filled)
    filled.use_compared_codec("")
    DuplicateFinder(filled, index_of_filled, threads=1).run()
    assert_same(piecewise, as_found(filled))


def test_two_threads_find_what_one_finds(filled: Store, index_of_filled: FrameIndex) -> None:
    DuplicateFinder(filled, index_of_filled, threads=2).run()
    two = joined_segments(filled.shared_segments())
    filled.use_compared_codec("")
    DuplicateFinder(filled, index_of_filled, threads=1).run()
    assert pairs(two) == pairs(joined_segments(filled.shared_segments()))


def test_a_comparison_may_be_of_some_videos_alone(filled: Store, index_of_filled: FrameIndex) -> None:
    finder = DuplicateFinder(filled, index_of_filled)
    finder.run(within={FILM, EXCERPT})
    assert pairs(as_found(filled)) == {frozenset((FILM, EXCERPT))}
    finder.run()
    assert pairs(as_found(filled)) == RELATED


def test_a_video_that_is_forgotten_and_comes_again_is_compared_again(
    filled: Store, index_of_filled: FrameIndex, maker: RowMaker
) -> None:
    finder = DuplicateFinder(filled, index_of_filled)
    finder.run()
    codes = [one for one in filled.frame_codes([s.row for s in filled.keyframes(EXCERPT)]) if one is not None]
    ends_s = np.array([scene.scene_end_s for scene in filled.keyframes(EXCERPT)])
    filled.forget(EXCERPT)
    assert pairs(as_found(filled)) == {pair for pair in RELATED if EXCERPT not in pair}
    add_made_video(filled, 2, MadeVideo(ends_s, tuple(codes)))
    assert finder.run().videos == 1
    assert pairs(as_found(filled)) == RELATED


def test_a_video_that_is_forgotten_meanwhile_leaves_nothing(
    filled: Store, index_of_filled: FrameIndex
) -> None:
    def forget_copy(progress: ComparisonProgress) -> None:
        if filled.video(COPY) is not None and COPY in filled.comparisons():
            filled.forget(COPY)

    DuplicateFinder(filled, index_of_filled, threads=1).run(listener=forget_copy)
    assert pairs(as_found(filled)) == {pair for pair in RELATED if COPY not in pair}


def test_frames_that_wait_for_codes_put_a_video_off(
    filled: Store, index_of_filled: FrameIndex, maker: RowMaker
) -> None:
    waiting = maker.video(60.0)
    scenes = (*waiting.scenes[:-1], None)
    add_made_video(filled, 8, replace(waiting, scenes=scenes))  # type: ignore[arg-type]
    finder = DuplicateFinder(filled, index_of_filled)
    assert finder.run().videos == 5
    (row,) = filled.rows_without_frames(9)
    filled.put_frame_codes({row: waiting.scenes[-1]})
    assert finder.run().videos == 1


def test_what_shows_nothing_is_shared_by_nobody(store: Store, index: FrameIndex, maker: RowMaker) -> None:
    """Black: every window of a frame looks like the whole, in every video alike."""
    black = maker.video(120.0)
    view = black.scenes[0].codes[0, 0]
    scenes = tuple(FrameCodes(one.times_s, np.tile(view, (len(one), 5, 1))) for one in black.scenes)
    for number in range(3):
        add_made_video(store, number, joined([maker.video(60.0), replace(black, scenes=scenes)]))
    index.refresh()
    DuplicateFinder(store, index).run()
    assert as_found(store) == []


def test_one_comparison_runs_at_a_time_and_closing_ends_it(
    filled: Store, index_of_filled: FrameIndex
) -> None:
    finder, begun, go_on = DuplicateFinder(filled, index_of_filled), threading.Event(), threading.Event()

    def wait(progress: ComparisonProgress) -> None:
        begun.set()
        assert go_on.wait(30)

    running = threading.Thread(target=finder.run, kwargs={"listener": wait})
    running.start()
    assert begun.wait(30)
    with pytest.raises(ComparisonBusy):
        finder.run()
    closing = threading.Thread(target=finder.close)
    closing.start()
    go_on.set()
    closing.join(30)
    running.join(30)
    assert not running.is_alive()
    assert finder.run() == ComparisonProgress()
    DuplicateFinder(filled, index_of_filled).run()
    assert pairs(as_found(filled)) == RELATED


KILLED = """
import sys
from pathlib import Path
from cbvir_core.duplicates import DuplicateFinder
from cbvir_core.index import FrameIndex
from cbvir_core.store import Store
from support.made_rows import MADE_FINGERPRINT

folder = Path(sys.argv[1])
store = Store.open(folder / "store")
with store, FrameIndex.open(folder / "frames", store, MADE_FINGERPRINT) as index:
    DuplicateFinder(store, index, threads=1).run(listener=lambda progress: print(progress.done_s, flush=True))
print("done", flush=True)
"""


def test_a_killed_comparison_loses_nothing_and_doubles_nothing(tmp_path: Path, maker: RowMaker) -> None:
    """SIGKILL after the third step that each process begins, until one comes through."""
    with Store.open(tmp_path / "store") as store:
        store.use_frame_codec("made rows")
        fill(store, maker)
    kills, last = 0, ""
    while last != "done":
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True, env=_env()) as running:
            assert running.stdout is not None
            for _ in range(4):
                last = running.stdout.readline().strip()
                if last == "done":
                    break
            else:
                running.kill()
                kills += 1
    assert kills >= 3
    with (
        Store.open(tmp_path / "store") as store,
        FrameIndex.open(tmp_path / "frames", store, "made rows") as index,
    ):
        killed = as_found(store)
        store.use_compared_codec("")
        DuplicateFinder(store, index, threads=1).run()
        assert_same(killed, as_found(store))


def _env() -> dict[str, str]:
    return {"PYTHONPATH": f"{TESTS.parent}:{TESTS}", "PATH": ""}


def test_stretches_cover_every_scene_once_and_overlap_a_little() -> None:
    rng = np.random.default_rng(3)
    ends_s = rng.uniform(0.5, 40.0, 200).cumsum()
    scenes = [
        KeyframeRow(row, KeyframeId(FILM, row), end_s - 0.2, start_s, end_s, 1.0)
        for row, (start_s, end_s) in enumerate(
            zip([0.0, *ends_s[:-1].tolist()], ends_s.tolist(), strict=True)
        )
    ]
    done = 0
    while done < len(scenes):
        stretch = next_stretch(FILM, scenes, done)
        own = scenes[done : stretch.done]
        assert own
        assert set(own) <= set(stretch.scenes)
        assert own[-1].scene_end_s - own[0].scene_start_s <= STRETCH_S or len(own) == 1
        assert stretch.scenes[0].scene_end_s > own[0].scene_start_s - CONTEXT_S
        assert stretch.scenes[-1].scene_start_s < own[-1].scene_end_s + CONTEXT_S
        done = stretch.done
    assert done == len(scenes)
