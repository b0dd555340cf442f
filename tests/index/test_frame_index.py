"""The index of frames over a real store: what it finds, and what its files survive."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.index import FrameIndex
from cbvir_core.index.compact import CompactionPolicy
from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.manifest import MANIFEST_FILE
from cbvir_core.types import VideoId
from support.frame_codes import as_list, code_waiting, exact_neighbours, scene, small_codec, unit_rows
from support.row_store import RowStore, clustered

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = CompactionPolicy(seal_at=100, largest=600)


class FrameLibrary:
    """A store of scenes with codes of frames, and the index of these."""

    def __init__(self, row_store: RowStore) -> None:
        self.row_store, self.folder = row_store, row_store.folder / "frames"
        self.codec: FrameCodec = small_codec(row_store.folder)
        row_store.store.use_frame_codec("codec-1")

    def add(self, scenes: int, quality: float = 1.0) -> VideoId:
        """Add a video; its scenes wait for codes."""
        return self.row_store.add(clustered(scenes, seed=scenes), quality)

    def index(self, fingerprint: str = "codec-1", policy: CompactionPolicy = SMALL) -> FrameIndex:
        return FrameIndex.open(self.folder, self.row_store.store, fingerprint, self.codec, policy)

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def check(self, index: FrameIndex) -> None:
        """Answers are those of exact search over the codes of all scenes that are not blank."""
        store, queries = self.row_store.store, unit_rows(2, 10_007)
        rows = np.arange(1, store.last_row() + 1)
        rows = rows[store.searchable(rows)]
        coded = zip(rows.tolist(), store.frame_codes(rows), strict=True)
        scenes = {row: codes for row, codes in coded if codes is not None and len(codes)}
        found = index.search(queries, 50)
        for query, one in zip(self.codec.project(queries), found, strict=True):
            truth = exact_neighbours(scenes, self.codec, query, 50)
            np.testing.assert_allclose(one.cosines, [cosine for *_, cosine in truth], atol=1e-5)
            assert {place[:3] for place in as_list(one)} == {place[:3] for place in truth}
        assert index.status().rows == len(scenes)


@pytest.fixture
def frames(row_store: RowStore) -> FrameLibrary:
    made = FrameLibrary(row_store)
    made.add(60)
    code_waiting(row_store.store, made.codec)
    return made


def settle(index: FrameIndex) -> None:
    while index.maintain():
        pass


def test_codes_are_found_when_they_are_stored_and_scenes_no_more_when_forgotten(
    frames: FrameLibrary,
) -> None:
    store = frames.row_store.store
    with frames.index() as index:
        frames.check(index)
        settle(index)
        video = frames.add(30)
        frames.check(index)
        assert index.status().rows == 60  # the others wait
        code_waiting(store, frames.codec, 10)
        frames.check(index)
        code_waiting(store, frames.codec)
        frames.check(index)
        store.forget(video)
        frames.check(index)
        index.rebuild()
        frames.check(index)
        assert index.status().tombstones == 0


def test_blank_scenes_and_scenes_without_frames_are_in_no_index(frames: FrameLibrary) -> None:
    store = frames.row_store.store
    frames.add(5, quality=0.0)
    code_waiting(store, frames.codec)
    frames.add(1)
    (row,) = store.rows_without_frames(9)
    none = scene(frames.codec, unit_rows(2, 1))
    store.put_frame_codes({row: type(none)(none.times_s[:0], none.codes[:0])})
    for _ in range(2):
        with frames.index() as index:
            frames.check(index)
            settle(index)
            frames.check(index)
            assert index.compare(unit_rows(1, 1), np.array([row])) == []


def test_comparing_gives_the_cosines_of_all_views_of_rows(frames: FrameLibrary) -> None:
    queries = unit_rows(3, 1)
    with frames.index() as index:
        compared = index.compare(queries, np.array([7, 999, 3]))
        assert [row for row, _ in compared] == [7, 3]
        projected = frames.codec.project(queries)
        for row, cosines in compared:
            assert cosines.shape == (3, 3, 2)
            (codes,) = frames.row_store.store.frame_codes([row])
            assert codes is not None
            decoded = frames.codec.decode(codes.codes[1])
            np.testing.assert_allclose(cosines[2, 1], decoded @ projected[2], atol=1e-5)


def test_a_reopened_index_reads_no_codes_that_are_in_files(
    frames: FrameLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with frames.index() as index:
        settle(index)
        assert index.followed() > 0
        version = index.status().version
    frames.row_store.reopen()
    store = frames.row_store.store
    while store.trim_changes(index.followed(), 1):
        pass
    fresh = frames.add(2)
    code_waiting(store, frames.codec)
    read, frame_codes = list[int](), store.frame_codes

    def noted(rows: list[int]) -> object:
        read.extend(rows)
        return frame_codes(rows)

    monkeypatch.setattr(store, "frame_codes", noted)
    with frames.index() as index:
        assert read == [keyframe.row for keyframe in store.keyframes(fresh)]
        assert index.status().version == version
        frames.check(index)


def test_what_no_manifest_names_is_deleted(frames: FrameLibrary) -> None:
    with frames.index() as index:
        settle(index)
    named = frames.files()
    for name in ("views-999999-0.faiss", ".views-000001-0.faiss.12.tmp", ".manifest.json.12.tmp"):
        (frames.folder / name).write_bytes(b"left by a kill")
    with frames.index() as index:
        assert frames.files() == named
        frames.check(index)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 9}', '{"format": 1, "files": [{}]}'])
def test_a_manifest_that_cannot_be_understood_is_made_again(frames: FrameLibrary, content: str) -> None:
    with frames.index() as index:
        settle(index)
    (frames.folder / MANIFEST_FILE).write_text(content)
    with frames.index() as index:
        assert index.status().segments == 0
        assert frames.files() == set()
        frames.check(index)
        settle(index)
        assert index.status().segments > 0
        frames.check(index)


def test_files_of_another_store_codec_or_later_state_are_not_used(frames: FrameLibrary) -> None:
    with frames.index() as index:
        settle(index)
        source = json.loads((frames.folder / MANIFEST_FILE).read_text())["source"]
    for change in ({"source": source | {"store": "other"}}, {"position": 10_000}):
        path = frames.folder / MANIFEST_FILE
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with frames.index() as index:
            assert index.status().segments == 0
            frames.check(index)
            settle(index)
    frames.row_store.store.use_frame_codec("codec-2")
    with frames.index("codec-2") as index:
        assert index.status().rows == 0
    frames.row_store.store.use_frame_codec("codec-1")
    with frames.index() as index:
        assert index.status().rows == 0  # the codes are gone, and so are the files of them
        code_waiting(frames.row_store.store, frames.codec)
        frames.check(index)


@pytest.mark.parametrize("kind", ["cut", "missing", "flipped"])
def test_a_damaged_file_is_made_again_and_the_others_are_used(frames: FrameLibrary, kind: str) -> None:
    with frames.index(policy=CompactionPolicy(100, 100)) as index:
        index.maintain()
        frames.add(30)
        code_waiting(frames.row_store.store, frames.codec)
        settle(index)
        assert index.status().segments == 2
    path = next(iter(frames.folder.glob("views-*")))
    data = path.read_bytes()
    path.unlink()
    if kind != "missing":
        path.write_bytes(data[:-9] if kind == "cut" else data[:-9] + bytes(9))
    for _ in range(2):
        with frames.index(policy=CompactionPolicy(1000, 1000)) as index:
            assert index.status().segments == 1
            assert index.followed() == 0, "the log from its beginning names the lost rows"
            frames.check(index)
    with frames.index() as index:
        settle(index)
        frames.check(index)
        assert index.followed() > 0


def test_a_folder_that_cannot_be_used_is_an_error(frames: FrameLibrary) -> None:
    frames.folder.write_text("in the way")
    with pytest.raises(StoreError, match="frames"):
        frames.index()


CHILD = """
import resource, sys
from pathlib import Path
sys.path.insert(0, "tests")
from cbvir_core.errors import DiskFull
from cbvir_core.index import FrameIndex
from cbvir_core.index.compact import CompactionPolicy
from cbvir_core.store import Store
from support.frame_codes import code_waiting, small_codec

folder = Path(sys.argv[1])
store = Store.open(folder / "store")
codec = small_codec(folder)
index = FrameIndex.open(folder / "frames", store, "codec-1", codec, CompactionPolicy(100, 600))
print("ready", flush=True)
while True:
    code_waiting(store, codec, 20)
    index.maintain()
    index.rebuild()
"""


def test_a_killed_builder_harms_nothing(frames: FrameLibrary) -> None:
    frames.add(2000)
    for wait_s in (0.2, 0.5, 0.35):
        frames.row_store.store.close()
        command = [sys.executable, "-c", CHILD, str(frames.row_store.folder)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(wait_s)
            process.kill()
        frames.row_store.reopen()
        with frames.index() as index:
            frames.check(index)
            settle(index)
            frames.check(index)
            assert len(frames.files()) == 2 * index.status().segments + 1


@pytest.mark.parametrize("limit_bytes", [100, 3000, 6000])
def test_a_full_disk_loses_nothing(frames: FrameLibrary, limit_bytes: int) -> None:
    """A limit on the size of a file is an error where a write crosses it, as a full disk is."""
    index = frames.index()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for rows, work in ((60, index.maintain), (65, index.rebuild), (70, index.maintain)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
        try:
            with pytest.raises(DiskFull, match="searches go on"):
                work()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert frames.files() == set()
        assert index.status().tail == rows
        frames.check(index)
        frames.add(5)
        code_waiting(frames.row_store.store, frames.codec)
    settle(index)
    assert index.status().segments > 0
    frames.check(index)
    index.close()
    with frames.index() as again:
        frames.check(again)
