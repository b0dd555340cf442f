"""Frames become codes when a video is added; codes that are missing are made from the files later."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from shutil import copyfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cbvir_core.decode import probe
from cbvir_core.errors import DiskFull, FileUnreadable
from cbvir_core.keyframes import KeyframeOptions, SceneTask, extract_keyframes, read_scene_frames
from cbvir_core.library import Library
from cbvir_core.library.frame_backfill import FRUITLESS_REST_S, RETRY_VIDEO_S, FrameBackfill
from cbvir_core.library.frame_rows import frame_codes_of
from cbvir_core.library.maintenance import Maintenance
from cbvir_core.store import FRAMES_GENERATION, FrameCounts, Store
from cbvir_core.types import FrameCodes, Keyframe, SampledFrames, VideoId
from support.describers import MeanDescriber
from support.films import Film, letterboxed
from support.libraries import LibraryOpener, store_of

Codes = dict[int, FrameCodes | None]
"""The codes of a video's scenes by the number of the keyframe."""


def codes_of(store: Store, video_id: VideoId) -> Codes:
    rows = store.keyframes(video_id)
    codes = store.frame_codes([row.row for row in rows])
    return {row.keyframe_id.number: scene for row, scene in zip(rows, codes, strict=True)}


def assert_same(some: Codes, others: Codes) -> None:
    assert some.keys() == others.keys()
    for number, one in some.items():
        other = others[number]
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one.times_s, other.times_s)
        np.testing.assert_array_equal(one.codes, other.codes)


def complete(library: Library, limit: int = 2) -> int:
    """Make all codes that can be made; return how many scenes were read."""
    read = 0
    while step := library.backfill_frames(limit):
        read += step
    return read


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def copies(films: list[Film], tmp_path: Path) -> list[Path]:
    """Copies of the films that may be moved and changed."""
    paths = [tmp_path / film.path.name for film in films[:2]]
    for film, path in zip(films, paths, strict=False):
        copyfile(film.path, path)
    return paths


@pytest.fixture
def expected(open_library: LibraryOpener, copies: list[Path]) -> dict[VideoId, Codes]:
    """The codes that adding makes.  The library is left without them, as one of an earlier release."""
    with open_library(frames=MeanDescriber("other")) as library:
        ids = [library.add(path).video_id for path in copies]
        return {video_id: codes_of(store_of(library), video_id) for video_id in ids}


# --- adding ---


def test_what_is_added_has_codes_of_all_its_frames(open_library: LibraryOpener, films: list[Film]) -> None:
    describer = MeanDescriber()
    with open_library(frames=describer) as library:
        record = library.add(films[0].path)
        stored = codes_of(store_of(library), record.video_id)
        assert library.frame_counts() == FrameCounts(coded=record.keyframes, waiting=0)
        assert library.backfill_frames() == 0
        assert library.notes == ()
    scenes = [keyframe.frames for keyframe in extract_keyframes(films[0].path)]
    made = dict(enumerate(frame_codes_of(scenes, MeanDescriber())))
    assert_same(stored, made)
    assert sum(describer.calls) == sum(len(scene) for scene in scenes if scene)
    assert len(describer.calls) < record.keyframes, "a batch is described at once"


def test_without_a_describer_there_are_no_frame_rows(open_library: LibraryOpener, films: list[Film]) -> None:
    with open_library(frames=False) as library:
        library.add(films[0].path)
        assert library.frame_counts() == FrameCounts(0, 0)
        assert library.backfill_frames() == 0
        assert library.notes == ()


def test_scenes_without_frames_are_described_as_none() -> None:
    scene = SampledFrames(np.array([1.0]), np.zeros((1, 4, 4, 3), np.uint8))
    none, one, last = frame_codes_of([None, scene, None], MeanDescriber())
    assert (none, last) == (None, None)
    assert one is not None
    assert one.codes.shape == (1, 5, 3)
    assert frame_codes_of([None, None], MeanDescriber()) == [None, None]
    assert frame_codes_of([], MeanDescriber()) == []


# --- completing ---


def test_a_library_of_the_release_before_gets_the_codes_that_adding_makes(
    open_library: LibraryOpener, films: list[Film], tmp_path: Path
) -> None:
    paths = [films[0].path, letterboxed(films[1], tmp_path / "letterboxed.mp4")]
    with open_library() as library:
        ids = [library.add(path).video_id for path in paths]
        keyframes = library.counts().keyframes
    with open_library(frames=MeanDescriber()) as library:
        assert library.frame_counts() == FrameCounts(0, keyframes)
        assert f"frames of {keyframes} scenes are still" in library.notes[-1]
        assert complete(library) == keyframes
        assert library.frame_counts() == FrameCounts(keyframes, 0)
        assert library.notes == ()
        later = {video_id: codes_of(store_of(library), video_id) for video_id in ids}
        for video_id in ids:
            library.remove(video_id)
        for path in paths:
            record = library.add(path)
            assert_same(later[record.video_id], codes_of(store_of(library), record.video_id))


def test_another_codec_makes_all_codes_anew(
    open_library: LibraryOpener, expected: dict[VideoId, Codes]
) -> None:
    with open_library(frames=MeanDescriber()) as library:
        changes = store_of(library).changes(FRAMES_GENERATION, 0)
        assert (len(changes.added), changes.whole) == (0, True)
        complete(library)
        for video_id, codes in expected.items():
            assert_same(codes_of(store_of(library), video_id), codes)


def test_completing_goes_on_after_a_restart(
    open_library: LibraryOpener, expected: dict[VideoId, Codes]
) -> None:
    for _ in range(3):
        with open_library(frames=MeanDescriber()) as library:
            library.backfill_frames(3)
    with open_library(frames=MeanDescriber()) as library:
        assert library.frame_counts().coded > 0
        complete(library)
        for video_id, codes in expected.items():
            assert_same(codes_of(store_of(library), video_id), codes)


class Completing:
    """A store with a backfill whose clock stands still, and the files that it opened."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = Store.open(folder / "data" / "store"), Clock()
        self.opened: list[Path] = []
        self.trouble: Exception | None = None
        describer = MeanDescriber()
        self.store.use_frame_codec(describer.fingerprint)
        self.backfill = FrameBackfill(
            self.store, describer, KeyframeOptions(), "auto", read_scenes=self._read, clock=self.clock
        )

    def _read(self, task: SceneTask) -> Generator[SampledFrames | None, None, None]:
        self.opened.append(task.path)
        for number, scene in enumerate(read_scene_frames(task)):
            if number == 1 and self.trouble is not None:
                raise self.trouble
            yield scene

    def run(self, limit: int = 3) -> None:
        while self.backfill.step(limit):
            pass

    def waiting(self) -> set[VideoId]:
        found: set[VideoId] = set()
        video_id = self.store.video_without_frames()
        while video_id is not None:
            found.add(video_id)
            video_id = self.store.video_without_frames(after=video_id)
        return found


@pytest.fixture
def completing(expected: dict[VideoId, Codes], tmp_path: Path) -> Generator[Completing, None, None]:
    made = Completing(tmp_path)
    yield made
    made.backfill.close()
    made.store.close()


def id_at(store: Store, path: Path) -> VideoId:
    record = store.video_at(path)
    assert record is not None
    return record.video_id


def test_each_file_is_opened_once(completing: Completing, copies: list[Path]) -> None:
    completing.run(limit=1)
    assert sorted(completing.opened) == sorted(copies)
    assert completing.waiting() == set()


def test_an_offline_file_stops_no_other_and_is_read_when_it_is_back(
    completing: Completing, copies: list[Path], expected: dict[VideoId, Codes]
) -> None:
    path, away = copies[0], copies[0].with_suffix(".away")
    video_id = id_at(completing.store, path)
    path.rename(away)
    completing.run()
    assert completing.waiting() == {video_id}
    away.rename(path)
    completing.clock.now_s += FRUITLESS_REST_S
    completing.run()
    assert completing.waiting() == {video_id}, "it is not looked for all the time"
    completing.clock.now_s += RETRY_VIDEO_S
    completing.run()
    assert completing.waiting() == set()
    assert_same(codes_of(completing.store, video_id), expected[video_id])


def test_a_moved_file_is_read_at_its_new_place_soon(completing: Completing, copies: list[Path]) -> None:
    moved = copies[0].with_name("moved.mp4")
    copies[0].rename(moved)
    completing.run()
    video_id = id_at(completing.store, copies[0])
    assert completing.waiting() == {video_id}
    completing.store.move_path(copies[0], moved)
    completing.clock.now_s += FRUITLESS_REST_S
    completing.run()
    assert completing.opened[-1] == moved
    assert completing.waiting() == set()


def test_a_file_with_other_content_is_not_read(completing: Completing, copies: list[Path]) -> None:
    video_id = id_at(completing.store, copies[0])
    copyfile(copies[1], copies[0])
    completing.run()
    assert completing.opened == [copies[1]]
    assert completing.waiting() == {video_id}


def test_the_second_copy_is_read_where_the_first_is_gone(completing: Completing, copies: list[Path]) -> None:
    other = copies[0].with_name("copy.mp4")
    copyfile(copies[0], other)
    completing.store.add_path(id_at(completing.store, copies[0]), other)
    copies[0].unlink()
    completing.run()
    assert other in completing.opened
    assert completing.waiting() == set()


def test_a_file_that_fails_on_the_way_keeps_what_was_read(
    completing: Completing, copies: list[Path], expected: dict[VideoId, Codes]
) -> None:
    completing.trouble = FileUnreadable("is on a disk that was pulled out", path=copies[0])
    completing.run()
    assert completing.waiting() == set(expected)
    assert completing.store.frame_counts().coded == 2
    completing.clock.now_s += RETRY_VIDEO_S
    completing.run()
    tries = len(completing.opened)
    assert tries == 4
    completing.clock.now_s += RETRY_VIDEO_S
    completing.run()
    assert len(completing.opened) == tries, "the third try comes later than the second"
    completing.trouble = None
    completing.clock.now_s += RETRY_VIDEO_S
    completing.run()
    for video_id, codes in expected.items():
        assert_same(codes_of(completing.store, video_id), codes)


def test_a_full_disk_loses_no_scene(
    completing: Completing, expected: dict[VideoId, Codes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(codes: object) -> int:
        raise DiskFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(completing.store, "put_frame_codes", full)
        for _ in range(4):
            with pytest.raises(DiskFull):
                completing.backfill.step(2)
    completing.run()
    for video_id, codes in expected.items():
        assert_same(codes_of(completing.store, video_id), codes)


def test_a_video_that_is_forgotten_meanwhile_leaves_nothing(
    completing: Completing, copies: list[Path]
) -> None:
    completing.backfill.step(2)
    completing.store.forget(id_at(completing.store, completing.opened[0]))
    completing.run()
    assert completing.waiting() == set()
    counts = completing.store.frame_counts()
    assert counts == FrameCounts(completing.store.counts().keyframes, 0)


def test_a_video_that_is_being_added_is_left_to_that(open_library: LibraryOpener, films: list[Film]) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    with open_library(frames=MeanDescriber()) as library:
        info = probe(films[0].path)
        library.begin(info)
        library.append(info.video_id, [Keyframe(0.0, 0.0, 1.0, picture)])
        assert library.frame_counts() == FrameCounts(0, 1)
        assert library.backfill_frames() == 0


def test_a_scene_without_a_sample_waits_no_longer(completing: Completing) -> None:
    def none_at_all(task: SceneTask) -> Generator[SampledFrames | None, None, None]:
        yield from (None for _ in task.scene_ends_s)

    completing.backfill._read_scenes = none_at_all
    completing.run()
    assert completing.waiting() == set()
    (first, *_) = completing.store.frame_codes([1])
    assert first is not None
    assert len(first) == 0


# --- the change log ---


class Follower:
    """An index that needs the log from the change after this one on."""

    def __init__(self, change: int) -> None:
        self.change = change

    def followed(self) -> int:
        return self.change

    def maintain(self) -> bool:
        return False

    def rebuild(self) -> None:
        raise AssertionError("nothing asked for it")

    def verify(self) -> bool:
        return False

    def interrupt(self) -> None:
        raise AssertionError("nothing asked for it")


@pytest.mark.parametrize("changes", [(7, 5, 9), (5, 7, 9), (9, 7, 5)], ids=str)
def test_the_log_is_trimmed_behind_every_follower(changes: tuple[int, int, int]) -> None:
    trimmed: list[int] = []

    def trim(upto: int) -> int:
        trimmed.append(upto)
        return 0

    index, *followers = map(Follower, changes)
    store: Any = SimpleNamespace(trim_changes=trim)
    generations: Any = SimpleNamespace(current=SimpleNamespace(index=index))
    assert not Maintenance(store, generations, None, followers).maintain()
    assert trimmed == [5]
