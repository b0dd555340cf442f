"""Views in memory and in files: any order of calls, compared with every code; files that are damaged."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cbvir_core.errors import DiskFull
from cbvir_core.files import replacing
from cbvir_core.index import frame_files, frame_manifest, frame_scan
from cbvir_core.index.compact import CompactionPolicy
from cbvir_core.index.frame_codec import shipped_codec
from cbvir_core.index.frame_lists import FrameNeighbours, nearest_views, search_lists
from cbvir_core.index.frame_manifest import WrittenSegment, write_segment
from cbvir_core.index.frame_numbers import (
    MAX_FRAMES_OF_SCENE,
    MAX_VIEWS_OF_FRAME,
    among,
    places_of,
    view_numbers,
)
from cbvir_core.index.frame_segments import NO_ROWS, FrameSegments
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.types import FrameCodes, RowNumbers
from support.frame_codes import (
    LoggedFrames,
    Nearest,
    as_list,
    exact_neighbours,
    scene,
    small_codec,
    unit_rows,
)
from support.made_rows import RowMaker
from support.row_store import flip_unseen, normalised

SMALL = CompactionPolicy(seal_at=20, largest=90)

NO_ROOM = OSError(28, "No space left on device")


@pytest.fixture(autouse=True, scope="module")
def every_file_is_scanned() -> Iterator[None]:
    with mock.patch.object(frame_scan, "SCANNED_FROM", 0):
        yield


class Followed:
    """Segments that are told of every change of their source, as `FollowedIndex` does."""

    def __init__(self, folder: Path, policy: CompactionPolicy = SMALL) -> None:
        self.codec = small_codec(folder)
        self.source = LoggedFrames()
        self.folder, self._policy = folder / "frames", policy
        self.segments = self._open()

    def _open(self) -> FrameSegments:
        return FrameSegments(self.folder, self.source, self.codec, self._policy)

    def add(self, scenes: int, frames: int, seed: int) -> RowNumbers:
        made = [scene(self.codec, unit_rows(2 * frames, 100 * seed + n), views=2) for n in range(scenes)]
        rows = self.source.add(made)
        self.segments.add(rows)
        self.segments.note_position(self.source.last_change())
        return rows

    def remove(self, rows: RowNumbers) -> None:
        self.source.remove(rows)
        self.segments.remove(rows)
        self.segments.note_position(self.source.last_change())

    def settle(self) -> None:
        while self.segments.maintain():
            pass

    def rebuild(self) -> None:
        self.segments.rebuild(self.source.live_rows(), self.source.last_change())

    def reopen(self) -> None:
        """Open again, as after the process was killed, and add what the files do not hold."""
        self.segments = self._open()
        self.add_lost()

    def add_lost(self) -> None:
        """Make the index hold what the source has, as after an opening, or the loss of a file."""
        live, held = self.source.live_rows(), self.segments.rows()
        saved = [row for row in live.tolist() if self.source.added_at[row] <= self.segments.saved_position()]
        assert np.isin(saved, held).all(), "what came up to the saved position is in the files"
        self.segments.remove(held[~np.isin(held, live)])
        self.segments.add(live[~np.isin(live, held)])
        self.segments.note_position(self.source.last_change())

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("views-*"))

    def check(self) -> None:
        """Every answer is that of exact search over the decoded codes, and every count is right."""
        queries = self.codec.project(unit_rows(2, 7))
        truths = [exact_neighbours(self.source.scenes, self.codec, query, 1000) for query in queries]
        for k in (0, 1, 7, 1000):
            for truth, found in zip(truths, self.segments.search(queries, k), strict=True):
                assert_same(found, truth, k)
        held, live = self.segments.rows(), self.source.live_rows()
        assert len(np.unique(held)) == len(held), "each row is held once"
        assert np.isin(live, held).all()
        status = self.segments.status()
        assert status.rows == len(live)
        assert status.tombstones == len(held) - len(live)
        assert self.segments.saved_position() <= self.source.last_change()
        assert [path.name for path in self.files()] == sorted(
            segment.file.name for segment in self.segments._written
        )


def assert_same(found: FrameNeighbours, truth: Nearest, k: int) -> None:
    """The k best cosines, best first, each of another view whose cosine it is."""
    np.testing.assert_allclose(found.cosines, [one[3] for one in truth[:k]], atol=1e-5)
    true = {one[:3]: one[3] for one in truth}
    assert len({one[:3] for one in as_list(found)}) == len(found.rows)
    assert all(abs(true[one[:3]] - one[3]) < 1e-5 for one in as_list(found))


def spoil(path: Path, kind: str) -> None:
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    else:
        # A file may be mapped: a new one takes its place.
        path.unlink()
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
        path.write_bytes(data[:middle] if kind == "cut" else flipped)


class Machine(RuleBasedStateMachine):
    """Everything that happens to frame segments, a full disk and damage too."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.followed = Followed(Path(self.home.name))

    @rule(scenes=st.integers(1, 6), frames=st.integers(1, 6), seed=st.integers(0, 40))
    def add(self, scenes: int, frames: int, seed: int) -> None:
        self.followed.add(scenes, frames, seed)

    @rule(first=st.integers(0, 99), count=st.integers(1, 6))
    def remove(self, first: int, count: int) -> None:
        live = self.followed.source.live_rows()
        if len(live):
            self.followed.remove(live[first % len(live) :][:count])

    @rule()
    def add_and_remove_again(self) -> None:
        """Rows that are held are not added twice, and those that are not held are not counted."""
        self.followed.segments.add(self.followed.source.live_rows())
        self.followed.segments.remove(np.arange(100_000, 100_003))

    @rule(steps=st.integers(1, 4))
    def maintain(self, steps: int) -> None:
        for _ in range(steps):
            self.followed.segments.maintain()

    @rule()
    def rebuild(self) -> None:
        self.followed.rebuild()

    @rule(file=st.booleans(), rebuild=st.booleans())
    def full_disk(self, file: bool, rebuild: bool) -> None:
        """The disk is full at once, or when the manifest is written."""
        before, saved = self.followed.files(), self.followed.segments.saved_position()

        def refused(path: Path) -> object:
            if file or path.suffix == ".json":
                raise NO_ROOM
            return replacing(path)

        with mock.patch.object(frame_manifest, "replacing", refused):
            try:
                if rebuild:
                    self.followed.rebuild()
                else:
                    self.followed.segments.maintain()
            except DiskFull:
                assert self.followed.files() == before
                assert self.followed.segments.saved_position() == saved

    @rule()
    def reopen(self) -> None:
        self.followed.segments.close()
        self.followed.reopen()

    @rule(which=st.integers(0, 99), kind=st.sampled_from(["cut", "missing", "flipped"]))
    def damage(self, which: int, kind: str) -> None:
        self.followed.segments.close()
        files = sorted(self.followed.folder.iterdir())
        if files:
            spoil(files[which % len(files)], kind)
        self.followed.reopen()

    @rule(which=st.integers(0, 99))
    def damage_that_is_not_seen(self, which: int) -> None:
        """A byte changes, and neither size nor time: what a file that is verified held is added again."""
        self.followed.segments.close()
        files = sorted(self.followed.folder.glob("*views-*.faiss"))
        if files:
            flip_unseen(files[which % len(files)])
        self.followed.reopen()
        with suppress(IndexFileDamaged):
            while self.followed.segments.verify():
                pass
            return
        self.followed.add_lost()

    @invariant()
    def all_is_as_in_the_source(self) -> None:
        self.followed.check()

    def teardown(self) -> None:
        self.followed.segments.close()
        self.followed.segments.close()
        (found,) = self.followed.segments.search(self.followed.codec.project(unit_rows(1, 7)), 5)
        assert len(found.rows) == 0
        self.home.cleanup()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


def opened(folder: Path) -> Followed:
    """Segments with three files and a tail, of 24 scenes."""
    followed = Followed(folder)
    for seed in range(3):
        followed.add(6, 2, seed)
        followed.segments.maintain()
    followed.add(6, 1, 3)
    return followed


@given(
    st.integers(0, 2**39 - 1), st.integers(0, MAX_FRAMES_OF_SCENE - 1), st.integers(0, MAX_VIEWS_OF_FRAME - 1)
)
def test_a_number_names_row_frame_and_view(row: int, frame: int, view: int) -> None:
    number = np.array([(row * MAX_FRAMES_OF_SCENE + frame) * MAX_VIEWS_OF_FRAME + view])
    assert [part.tolist() for part in places_of(number)] == [[row], [frame], [view]]


def test_numbers_are_given_frame_by_frame() -> None:
    codes = FrameCodes(np.zeros(2), np.zeros((2, 3, 6), np.uint8))
    rows, frames, views = places_of(view_numbers(5, codes).ravel())
    assert rows.tolist() == [5] * 6
    assert frames.tolist() == [0, 0, 0, 1, 1, 1]
    assert views.tolist() == [0, 1, 2, 0, 1, 2]
    with pytest.raises(ValueError, match="row 5"):
        view_numbers(5, FrameCodes(np.zeros(1), np.zeros((1, MAX_VIEWS_OF_FRAME + 1, 6), np.uint8)))


@given(st.lists(st.integers(-1, 30)), st.sets(st.integers(0, 30)))
def test_among_is_membership(values: list[int], rows: set[int]) -> None:
    found = among(np.array(values, np.int64), np.array(sorted(rows), np.int64))
    assert found.tolist() == [value in rows for value in values]


def test_a_scene_without_frames_is_left_out(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    none = FrameCodes(np.zeros(0), np.zeros((0, 0, 0), np.uint8))
    followed.segments.add(followed.source.add([none, scene(followed.codec, unit_rows(2, 0)), none]))
    assert followed.segments.rows().tolist() == [1]
    assert followed.segments.status().rows == 1


def test_a_forgotten_still_shot_hides_no_neighbour(tmp_path: Path) -> None:
    """Its views are all nearer than the k nearest of others."""
    followed = Followed(tmp_path, CompactionPolicy(1000, 9000, dead_share=1.0))
    query = unit_rows(1, 7)
    still = followed.source.add([scene(followed.codec, query.repeat(300, axis=0))])
    followed.segments.add(still)
    followed.add(30, 2, 1)
    followed.remove(still)
    followed.check()
    followed.segments.maintain()
    followed.reopen()
    followed.check()


def test_few_lists_find_nearly_what_all_lists_find(tmp_path: Path) -> None:
    """Of 200 lists, 48 are searched."""
    codec, source = small_codec(tmp_path, lists=200), LoggedFrames()
    segments = FrameSegments(tmp_path / "frames", source, codec)
    rows = unit_rows(3000, 1)
    segments.add(source.add([scene(codec, part) for part in np.split(rows, 300)]))
    near = normalised(0.9 * rows[::100] + 0.1 * unit_rows(30, 2))
    queries, shares = codec.project(near), list[float]()
    for query, found in zip(queries, segments.search(queries, 20), strict=True):
        truth = {one[:3] for one in exact_neighbours(source.scenes, codec, query, 20)}
        shares.append(len(truth & {one[:3] for one in as_list(found)}) / 20)
    assert np.mean(shares) >= 0.95
    segments.close()


def test_a_large_addition_becomes_files_of_bounded_size(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    with mock.patch("cbvir_core.index.frame_source.READ_BATCH_SCENES", 5):
        followed.add(80, 3, 1)
        followed.check()
        followed.settle()
    sizes = [segment.lists.ntotal for segment in followed.segments._written]
    assert sum(sizes) >= 80 * 6 - SMALL.seal_at
    assert max(sizes) < SMALL.largest + 5 * 6
    followed.check()
    followed.reopen()
    followed.check()


def test_the_saved_position_is_that_of_the_rows_in_files(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    followed.add(3, 2, 0)
    assert not followed.segments.maintain()
    assert followed.segments.saved_position() == 0
    followed.add(3, 2, 1)
    assert followed.segments.maintain()
    assert followed.segments.saved_position() == 6
    rows = followed.source.add([scene(followed.codec, unit_rows(30, 2))])
    followed.segments.add(rows)  # its change is not noted yet
    assert followed.segments.maintain()
    assert followed.segments.saved_position() == 6
    followed.reopen()
    assert followed.segments.rows().tolist() == [0, 1, 2, 3, 4, 5, 6]
    followed.check()


def test_merging_leaves_out_what_was_forgotten(tmp_path: Path) -> None:
    """Files that are replaced are deleted, and rows of the tail are in no file yet."""
    followed = opened(tmp_path)
    assert len(followed.files()) == 3
    assert followed.segments.saved_position() == 18
    followed.remove(followed.source.live_rows()[::3])
    followed.check()
    while followed.segments.maintain():
        followed.check()
        assert followed.segments.saved_position() == 18
    written = followed.segments._written
    assert len(written) < 3
    assert sum(segment.lists.ntotal for segment in written) == 12 * 4
    assert followed.segments.status().tombstones == 2
    followed.reopen()
    followed.check()


def test_files_of_which_all_is_forgotten_go(tmp_path: Path) -> None:
    followed = opened(tmp_path)
    followed.remove(followed.source.live_rows())
    followed.settle()
    assert followed.files() == []
    followed.check()
    followed.reopen()
    followed.check()


def test_rows_that_come_and_go_while_a_file_is_written_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = opened(tmp_path)
    write = write_segment
    changing = False

    def interrupted(*arguments: Any) -> WrittenSegment:
        nonlocal changing
        if not changing:
            changing = True
            followed.remove(followed.source.live_rows()[::3])
            followed.add(4, 2, 50)
            followed.check()  # searches go on meanwhile
        return write(*arguments)

    monkeypatch.setattr(frame_files, "write_segment", interrupted)
    for work in (followed.segments.maintain, followed.rebuild, followed.segments.maintain):
        changing = False
        followed.add(12, 1, 51)
        work()
        assert changing
        followed.check()
    followed.reopen()
    followed.check()


def test_a_row_that_is_forgotten_during_a_rebuild_before_it_was_added_is_not_found(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    rows = followed.source.add([scene(followed.codec, unit_rows(4, seed)) for seed in range(8)])

    def forget(done: int, total: int) -> None:
        assert done == total == 8
        followed.remove(rows[:3])

    followed.segments.rebuild(rows, followed.source.last_change(), forget)
    followed.check()
    assert followed.segments.status().tombstones == 3


def test_searches_agree_while_files_are_made(tmp_path: Path) -> None:
    """Rows that stay are found by every search, rows that were forgotten before it by none."""
    followed = opened(tmp_path)
    stay, query = followed.source.live_rows(), followed.codec.project(unit_rows(1, 7))
    forgotten, failures, ended = set[int](), list[object](), threading.Event()

    def look() -> None:
        while not ended.is_set():
            before = set(forgotten)
            found = set(followed.segments.search(query, 10_000)[0].rows.tolist())
            if before & found or not found.issuperset(stay.tolist()):
                failures.append((before & found, set(stay.tolist()) - found))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seed in range(60):
        rows = followed.add(5, 3, seed)
        followed.segments.maintain()
        followed.remove(rows[:3])
        forgotten.update(rows[:3].tolist())
        if seed % 10 == 0:
            followed.rebuild()
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    followed.check()


def test_closing_ends_a_rebuild_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cbvir_core.index.frame_source.READ_BATCH_SCENES", 1)
    followed = opened(tmp_path)
    files, started, closing = followed.files(), threading.Event(), threading.Event()

    def progress(done: int, total: int) -> None:
        started.set()
        assert closing.wait(30)
        assert done == 1, "it ends with the batch under way"

    rows, position = followed.source.live_rows(), followed.source.last_change()
    builder = threading.Thread(target=followed.segments.rebuild, args=(rows, position, progress))
    builder.start()
    assert started.wait(30)
    closer = threading.Thread(target=followed.segments.close)
    closer.start()
    while not followed.segments._stopping.is_set():
        pass
    closing.set()
    for thread in (builder, closer):
        thread.join(30)
        assert not thread.is_alive()
    assert followed.files() == files
    followed.reopen()
    followed.check()


@pytest.mark.parametrize("kind", ["missing", "cut", "flipped", "none was written"])
def test_what_scans_a_file_is_written_again(tmp_path: Path, kind: str) -> None:
    followed = Followed(tmp_path)
    with mock.patch.object(frame_scan, "SCANNED_FROM", 1_000_000 if kind.startswith("none") else 0):
        followed.add(12, 2, seed=1)
        followed.settle()
    scans = sorted(followed.folder.glob("scan-*"))
    assert len(scans) == (0 if kind.startswith("none") else len(followed.files()))
    if scans:
        spoil(scans[0], kind)
    followed.reopen()
    assert followed.segments._written[0].scan is None
    followed.check()
    followed.settle()
    assert all(segment.scan is not None for segment in followed.segments._written)
    assert len(sorted(followed.folder.glob("scan-*"))) == len(followed.files())
    followed.check()
    followed.reopen()
    assert all(segment.scan is not None for segment in followed.segments._written)
    followed.check()


def test_a_scan_finds_nearly_all_that_whole_codes_find(tmp_path: Path) -> None:
    codec, source = shipped_codec(), LoggedFrames()
    segments = FrameSegments(tmp_path, source, codec, CompactionPolicy(10_000, 12_000))
    segments.add(source.add(RowMaker(codec, 0).video(20_000.0).scenes))
    while segments.maintain():
        pass
    assert len(segments._written) > 1
    queries = codec.decode(source.scenes[17].codes[:1, :3].reshape(3, -1))
    whole = [search_lists(one.lists, queries, 200, NO_ROWS, 48) for one in segments._written]
    tail = search_lists(segments._tail.lists, queries, 200, NO_ROWS, 48)
    for number, found in enumerate(segments.search(queries, 200, 48)):
        truth = nearest_views([tail[number], *(part[number] for part in whole)], 200)
        true = {one[:3]: one[3] for one in as_list(truth)}
        both = [(one[3], true[one[:3]]) for one in as_list(found) if one[:3] in true]
        assert len(both) >= 0.85 * len(truth.rows)
        known = {one[:3] for one in as_list(found)}
        assert np.mean([one[:3] in known for one in as_list(truth)[:40]]) >= 0.97, "of what is alike"
        cosines, measured = np.array(both).T
        np.testing.assert_allclose(cosines, measured, atol=1e-5)
    segments.close()
