"""Files of the indices that are trusted at an opening, and verified later."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.index import Index, index_faults, written
from cbvir_core.index.build import READ_PAUSE_ROWS, SPREAD_PAUSE_ROWS, SegmentRecipe, build_segment
from cbvir_core.index.compact import CompactionPolicy
from cbvir_core.index.frame_segments import FrameSegments
from cbvir_core.index.pause import BuildInterrupted
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.types import RowNumbers, Rows
from support.frame_codes import LoggedFrames, scene, small_codec, unit_rows
from support.row_store import RowStore, clustered, flip_unseen, settle

ITEMS = {"annoy": "trees.ann", "lists": "lists.faiss"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were compared with their checksums."""
    names: list[str] = []
    checksum_of = written.checksum_of

    def noted(path: Path, *pause: Callable[[], None]) -> str:
        names.append(path.name)
        return checksum_of(path, *pause)

    monkeypatch.setattr(written, "checksum_of", noted)
    return names


@pytest.fixture(params=["annoy", "lists"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def opened(row_store: RowStore, kind: str) -> Index:
    return row_store.index(kind, seal_at=500)


def sealed(row_store: RowStore, kind: str) -> Path:
    """Make an index of two segments; return the folder."""
    with opened(row_store, kind) as index:
        for seed in range(2):
            row_store.add(clustered(600 - 50 * seed, seed=seed))
            index.maintain()
        assert index.status().segments == 2
    return row_store.folder / ("index" if kind == "annoy" else f"index-{kind}")


def test_an_opening_reads_no_large_file_that_is_as_it_was_written(
    row_store: RowStore, kind: str, read: list[str]
) -> None:
    sealed(row_store, kind)
    read.clear()
    with opened(row_store, kind) as index:
        assert ITEMS[kind] not in read
        assert [index.verify() for _ in range(4)] == [True, True, False, False]
    assert read.count(ITEMS[kind]) == 2


def test_files_with_other_times_are_read_once(row_store: RowStore, kind: str, read: list[str]) -> None:
    folder = sealed(row_store, kind)
    touched = next(folder.glob(f"*/{ITEMS[kind]}"))
    os.utime(touched)
    for expected in (1, 0):
        read.clear()
        with opened(row_store, kind) as index:
            assert index.status().segments == 2
        assert read.count(ITEMS[kind]) == expected


def test_manifests_with_checksums_alone_are_understood(
    row_store: RowStore, kind: str, read: list[str]
) -> None:
    path = sealed(row_store, kind) / "manifest.json"
    manifest = json.loads(path.read_text())
    for segment in manifest["segments"]:
        segment["files"] = {name: file["checksum"] for name, file in segment["files"].items()}
    path.write_text(json.dumps(manifest))
    assert not list(index_faults(path.parent))
    for expected in (2, 0):
        read.clear()
        with opened(row_store, kind) as index:
            assert index.status().segments == 2
        assert read.count(ITEMS[kind]) == expected


@pytest.mark.parametrize("said", ['{"segments": 3}', "[" * 100_000, '{"segments": [3]}'])
def test_a_manifest_that_is_none_is_told(tmp_path: Path, said: str) -> None:
    (tmp_path / "manifest.json").write_text(said)
    (found,) = index_faults(tmp_path)
    assert "cannot be read" in found


def test_damage_that_is_not_seen_is_found_later_and_mended(row_store: RowStore, kind: str) -> None:
    folder = sealed(row_store, kind)
    flip_unseen(next(folder.glob(f"*/{ITEMS[kind]}")))
    assert len(list(index_faults(folder))) == 1
    with opened(row_store, kind) as index:
        assert index.status().segments == 2
        while index.verify():
            pass
        assert (index.status().segments, index.status().rows) == (1, 1150)
        row_store.assert_exact(index, clustered(1)[0], 1)
        settle(index)
        assert index.status().tail == 0
    assert not list(index_faults(folder))
    with opened(row_store, kind) as again:
        assert again.status().tail == 0
        row_store.assert_exact(again, clustered(1)[0], 1)


def test_nothing_is_verified_while_a_segment_is_made(row_store: RowStore) -> None:
    sealed(row_store, "annoy")
    with opened(row_store, "annoy") as index:
        found: list[bool] = []
        index.rebuild(lambda done, total: found.append(index.verify()))
        assert not any(found)
        assert not index.verify(), "the segments are others now, which were read when they were made"


class Frames:
    """Views of 40 scenes in two files, with a file of rows each."""

    def __init__(self, folder: Path) -> None:
        self.codec, self.source = small_codec(folder), LoggedFrames()
        self.folder = folder / "frames"
        segments = self.opened()
        for seed in range(2):
            made = [scene(self.codec, unit_rows(4, 100 * seed + n), views=2) for n in range(20)]
            segments.add(self.source.add(made))
            segments.note_position(self.source.last_change())
            while segments.maintain():
                pass
        assert segments.status().segments == 2
        segments.close()

    def opened(self) -> FrameSegments:
        return FrameSegments(self.folder, self.source, self.codec, CompactionPolicy(40, 90))


def test_an_opening_reads_no_lists_of_frames(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = Frames(tmp_path)
    read.clear()
    with monkeypatch.context() as patch:
        patch.setattr("cbvir_core.index.frame_manifest.rows_in", lambda _: pytest.fail("all lists are read"))
        segments = frames.opened()
    assert not [name for name in read if name.endswith(".faiss")]
    assert sorted(segments.rows().tolist()) == frames.source.live_rows().tolist()
    assert [segments.verify() for _ in range(3)] == [True, True, False]
    assert len([name for name in read if name.endswith(".faiss")]) == 2


def test_files_of_frames_of_a_version_before_are_completed(tmp_path: Path, read: list[str]) -> None:
    """That kept checksums alone, and no files of rows."""
    frames = Frames(tmp_path)
    path = frames.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    sums = {file["name"]: file["lists"]["checksum"] for file in manifest["files"]}
    manifest["files"] = [{"name": name, "checksum": one, "scan": ""} for name, one in sums.items()]
    path.write_text(json.dumps(manifest))
    for rows in frames.folder.glob("rows-of-*"):
        rows.unlink()
    assert not list(index_faults(frames.folder))
    segments = frames.opened()
    assert sorted(segments.rows().tolist()) == frames.source.live_rows().tolist()
    while segments.maintain():
        pass
    segments.close()
    assert len(list(frames.folder.glob("rows-of-*"))) == 2
    read.clear()
    assert len(frames.opened().rows()) == 40
    assert not [name for name in read if name.endswith(".faiss")]


def test_damaged_lists_of_frames_are_found_later(tmp_path: Path) -> None:
    frames = Frames(tmp_path)
    flip_unseen(next(frames.folder.glob("views-*")))
    assert len(list(index_faults(frames.folder))) == 1
    segments = frames.opened()
    with pytest.raises(IndexFileDamaged, match="views-"):
        [segments.verify() for _ in range(2)]
    assert (segments.status().segments, segments.saved_position()) == (1, 0)
    assert len(list(frames.folder.glob("views-*"))) == 1


def test_damaged_rows_of_frames_are_written_again(tmp_path: Path) -> None:
    frames = Frames(tmp_path)
    flip_unseen(next(frames.folder.glob("rows-of-*")))
    segments = frames.opened()
    assert sorted(segments.rows().tolist()) == frames.source.live_rows().tolist()
    assert segments.maintain()
    assert not list(index_faults(frames.folder))


RECIPE = SegmentRecipe(trees=2, variance=0.9, recall=0.9, lists_recall=0.9, lists_from=0)


@pytest.mark.parametrize("calls", [1, 20, 100])
def test_a_build_is_ended_within_a_few_rows(tmp_path: Path, calls: int) -> None:
    """While it takes its sample, and later: what it reads after it is told to end is one part."""
    vectors, told = clustered(9_000, dim=8), [0]
    parts: list[int] = []

    def read(rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        parts.append(len(rows))
        return rows, vectors[rows]

    def progress(done: int) -> None:
        told[0] += 1
        if told[0] == calls:
            parts.clear()
            raise BuildInterrupted

    rows = np.arange(len(vectors), dtype=np.int64)
    with pytest.raises(BuildInterrupted):
        build_segment(tmp_path / "made", rows, read, RECIPE, progress)
    assert parts == []
    assert not (tmp_path / "made").exists()


def test_no_part_that_is_read_is_large(tmp_path: Path) -> None:
    vectors = clustered(9_000, dim=8)
    parts: list[int] = []

    def read(rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        parts.append(len(rows))
        return rows, vectors[rows]

    build_segment(tmp_path / "made", np.arange(len(vectors), dtype=np.int64), read, RECIPE)
    assert max(parts) == READ_PAUSE_ROWS
    assert min(parts[:3]) == SPREAD_PAUSE_ROWS, "rows that lie far apart, each a read of the disk"


def test_an_interrupted_index_goes_on_answering(row_store: RowStore) -> None:
    row_store.add(clustered(2000))
    with row_store.index(seal_at=500) as index:
        started = threading.Event()
        builder = threading.Thread(target=index.rebuild, args=(lambda done, total: started.set(),))
        builder.start()
        assert started.wait(30)
        index.interrupt()
        builder.join(30)
        assert not builder.is_alive()
        row_store.assert_exact(index, clustered(1)[0], 5)
        assert not index.maintain()
        row_store.add(clustered(3, seed=5))
        row_store.assert_exact(index, clustered(1, seed=5)[0], 1)
