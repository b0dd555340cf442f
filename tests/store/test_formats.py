"""What lies on the disk: keys and values of a small store.

A change here is a new schema: stores of earlier releases must open.  The first one lacked the lists of
`LISTS_OF_SCHEMA_2`; it and the second had digests of paths as keys and did not count what folders hold; the
third had no pieces of values.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import lmdb
import numpy as np

from cbvir_core.store import DescriptorCounts, PathMap, Store, Table, VideoCounts, fill_store, store_snapshot
from cbvir_core.store.environment import CUT_TABLES, MAX_TABLES, PIECES_SUFFIX
from cbvir_core.types import Keyframe, KeyframeId, Rows, Thumbnails, VideoId, VideoInfo

A, B = VideoId("aa11"), VideoId("bb22")
PICTURE = np.zeros((8, 8, 3), np.uint8)
SCENE = Thumbnails(np.array([0.5, 0.75]), np.zeros((2, 4, 6), np.uint8))
STRIP_HEADER_BYTES = 4 + 2 * 8
IDENTITY = b"identity"

VIDEO_JSON = (
    b'{"video_id":"aa11","paths":["/media/one.mp4"],"complete":true,"damaged":1,"duration_s":2.0,'
    b'"size_bytes":1000,"width":640,"height":360,"codec":"h264","keyframes":2,"added_at":1000.0,'
    b'"borders":[1,2,101,52]}'
)
STRIP = (
    "02000400000000000000e03f000000000000e83fffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a10"
    "0e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064"
    "785c656763ffc0000b080010000601011100ffc4001500010100000000000000000000000000000007ffc4001410010000000000"
    "0000000000000000000000ffda0008010100003f009f8fffd9"
)

ROW_1 = "000000010000000000000001"
BOTH_DESCRIPTORS = "03000200003c0000000000380038"
"""Both descriptors of a row, which the first release kept in one value."""

ROOT_DIGEST = "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"
MEDIA_DIGEST = "064348f0fd644bb407e303e6a060101f01901c4d569ff476d815f6c8c643ff17"
FOLDER_ROOT, FOLDER_MEDIA = 2 * ROOT_DIGEST, ROOT_DIGEST + MEDIA_DIGEST
"""Digests of the folder's parent and of the folder: of ``/``, and of ``/media`` in it."""

PATHS_OF_SCHEMA_2 = {"63055bb4d15cd3326f407b6b874d2e788c7dcc9689bbc1a3c95d2725abe1d90b": b"aa11"}
LISTS_OF_SCHEMA_2 = {"unfeatured", "searchable", "incomplete", "partial", "pathless"}

GOLDEN: dict[str, dict[bytes | str, bytes | str]] = {
    "meta": {
        b"schema": b"4",
        b"answering": "0000000000000001",
        b"filter:1": "0000000000000002",
        b"refine:1": "0000000000000001",
        b"last_generation": "0000000000000001",
        b"next_row": "0000000000000003",
        b"rows": "0000000000000002",
    },
    "videos": {b"aa11": VIDEO_JSON},
    "paths": {b"\0media\0one.mp4": b"aa11"},
    "folders": {FOLDER_ROOT: b"\0\0\0\0\0\0\0\1", FOLDER_MEDIA: b"\0\0\0\0\0\0\0\1media"},
    "rows": {
        "0000000000000001": "000000003fe000000000000000000000000000003ff00000000000003e80000061613131",
        "0000000000000002": "000000013ff80000000000003ff000000000000040000000000000000000000061613131",
    },
    "numbers": {b"aa11:\0\0\0\0": "0000000000000001", b"aa11:\0\0\0\1": "0000000000000002"},
    "thumbnails": {"0000000000000001": STRIP},
    "features": {"0000000000000001": b"features"},
    "unfeatured": {"0000000000000002": b""},
    "searchable": {"0000000000000000": "40" + 1023 * "00"},
    "incomplete": {},
    "partial": {b"aa11": b""},
    "pathless": {},
    "frames": {},
    "unframed": {},
    "generations": {"00000001": b'{"number":1,"filter":"filter-a","refine":"refine-a"}'},
    "descriptors": {
        "000000010000000000000001": "03000000003c00000000",
        "000000010000000000000002": "030000000000003800b4",
    },
    "refined": {"000000010000000000000001": "00380038"},
    "unrefined": {"000000010000000000000002": b""},
    "changes": {
        "0000000000000001": "000000010000000000000001",
        "0000000000000002": "000000010000000000000002",
        "0000000000000003": "000000010000000000000003",
        "0000000000000004": "000000000000000000000003",
    },
}
"""Table -> key -> value; a `str` is hexadecimal.  Stills are left out: their bytes are the JPEG encoder's."""


def as_bytes(text: bytes | str) -> bytes:
    return bytes.fromhex(text) if isinstance(text, str) else text


def golden() -> dict[str, dict[bytes, bytes]]:
    return {
        table: {as_bytes(key): as_bytes(value) for key, value in entries.items()}
        for table, entries in GOLDEN.items()
    }


def info(video_id: VideoId, path: str) -> VideoInfo:
    seconds = (Fraction(1), Fraction(1, 1000), Fraction(0), 9.5, 25.0)
    return VideoInfo(Path(path), video_id, 1000, "mp4", "h264", 640, 360, 0, *seconds)


def filter_rows(*rows: tuple[float, float, float]) -> Rows:
    return np.array(rows, dtype=np.float32)


def write_small_store(folder: Path) -> None:
    """Write one complete video of two keyframes, and another that is forgotten."""
    with Store.open(folder, clock=lambda: 1000.0) as store:
        generation = store.generation("filter-a", "refine-a")
        store.set_answering(generation)
        store.begin(info(A, "/media/one.mp4"))
        store.put_borders(A, (1, 2, 101, 52))
        first = Keyframe(0.5, 0.0, 1.0, PICTURE, 0.25, SCENE)
        blank = Keyframe(1.5, 1.0, 2.0, PICTURE, 0.0)
        store.append(A, [first, blank], generation, filter_rows((1, 0, 0), (0, 0.5, -0.25)))
        store.finish(A, damaged=1, duration_s=2.0)
        store.begin(info(B, "/media/two.mp4"))
        store.append(B, [Keyframe(0.0, 0.0, 1.0, PICTURE, 1.0)], generation, filter_rows((0, 0, 1)))
        store.put_refine(generation, [1], np.array([[0.5, 0.5]], np.float32))
        store.put_features({1: b"features"})
        store.forget(B)


def tables_in(folder: Path) -> dict[str, dict[bytes, bytes]]:
    """Everything that a store holds."""
    with lmdb.open(str(folder), max_dbs=MAX_TABLES) as environment:
        with environment.begin() as txn:
            names = [bytes(name) for name in txn.cursor().iternext(values=False)]
        tables = {name.decode(): environment.open_db(name, create=False) for name in names}
        with environment.begin() as txn:
            return {
                name: {bytes(k): bytes(v) for k, v in txn.cursor(table)} for name, table in tables.items()
            }


def write_tables(folder: Path, entries: dict[str, dict[bytes, bytes]]) -> None:
    with lmdb.open(str(folder), max_dbs=MAX_TABLES) as environment:
        tables = {name: environment.open_db(name.encode()) for name in entries}
        with environment.begin(write=True) as txn:
            for name, table in tables.items():
                for key, value in entries[name].items():
                    txn.put(key, value, db=table)


def earlier(schema: bytes) -> dict[str, dict[bytes, bytes]]:
    """The small store as an earlier release wrote it."""
    entries = golden()
    entries["meta"] |= {b"schema": schema, IDENTITY: b"0" * 32}
    entries["stills"] = {bytes(7) + b"\1": b"a JPEG"}
    entries["paths"] = {as_bytes(key): value for key, value in PATHS_OF_SCHEMA_2.items()}
    del entries["folders"]
    return entries


def assert_same_lists(folder: Path, new: Path) -> None:
    """The lists that schemas brought are as this release writes them."""
    write_small_store(new)
    found, expected = tables_in(folder), tables_in(new)
    for name in (*LISTS_OF_SCHEMA_2, "paths", "folders"):
        assert found[name] == expected[name], name
    assert found["meta"][b"schema"] == b"4"


def test_a_store_is_written_in_its_formats(tmp_path: Path) -> None:
    write_small_store(tmp_path)
    written = tables_in(tmp_path)
    assert len(written["meta"].pop(IDENTITY)) == 32
    assert [written.pop(name) for name in ("compared", "shared", "shared_by")] == [{}, {}, {}]  # came later
    pieces = [name for name in written if name.endswith(PIECES_SUFFIX)]
    assert [written.pop(name) for name in pieces] == [{}] * len(CUT_TABLES)  # no value is large
    assert set(written.pop("stills")) == {bytes(7) + b"\1", bytes(7) + b"\2"}
    expected = golden()
    for contents in (written, expected):
        strips = contents["thumbnails"]
        contents["thumbnails"] = {key: strip[:STRIP_HEADER_BYTES] for key, strip in strips.items()}
    assert written == expected


def test_a_store_of_the_first_release_opens(tmp_path: Path) -> None:
    entries = {table: kept for table, kept in earlier(b"1").items() if table not in LISTS_OF_SCHEMA_2}
    del entries["refined"]
    entries["descriptors"][bytes.fromhex(ROW_1)] = bytes.fromhex(BOTH_DESCRIPTORS)
    write_tables(tmp_path, entries)
    with Store.open(tmp_path) as store:
        generation = store.answering()
        assert generation is not None
        assert (generation.filter, generation.refine) == ("filter-a", "refine-a")
        assert store.counts() == DescriptorCounts(keyframes=2, filtered=2, refined=1)
        (video,) = store.videos()
        assert (video.paths, video.borders) == ((Path("/media/one.mp4"),), (1, 2, 101, 52))
        assert (video.complete, video.damaged, video.duration_s) == (True, 1, 2.0)
        assert store.find("/media/one.mp4") == video
        first, blank = store.keyframes(A)
        assert (first.row, first.keyframe_id, first.time_s, first.quality) == (1, KeyframeId(A, 0), 0.5, 0.25)
        assert (blank.row, blank.scene_start_s, blank.scene_end_s, blank.quality) == (2, 1.0, 2.0, 0.0)
        assert store.still(KeyframeId(A, 0)) == b"a JPEG"
        scene = store.thumbnails(1)
        assert scene is not None
        assert (scene.times_s.tolist(), scene.frames.shape) == ([0.5, 0.75], (2, 4, 6))
        assert store.features([1, 2]) == [b"features", None]
        assert store.filter_rows(generation, [1, 2]).tolist() == [[1, 0, 0], [0, 0.5, -0.25]]
        assert store.refine_rows(generation, [1, 2])[0].tolist() == [[0.5, 0.5], [0, 0]]
        assert store.rows_without_refine(generation, 9) == [2]
        changes = store.changes(generation, 0)
        assert (changes.added.tolist(), changes.forgotten.tolist(), changes.last) == ([1, 2, 3], [3], 4)
        assert store.last_row() == 3
        assert store.rows_without_features(9) == [2]
        assert store.searchable(np.array([1, 2, 3])).tolist() == [True, False, False]
        assert store.video_counts() == VideoCounts(videos=1, incomplete=0, partial=1, pathless=0)
    assert_same_lists(tmp_path, tmp_path / "new")


def test_a_store_of_the_second_schema_opens(tmp_path: Path) -> None:
    write_tables(tmp_path, earlier(b"2"))
    with Store.open(tmp_path) as store:
        assert store.video_at(Path("/media/one.mp4")) == store.video(A)
        assert [video.video_id for video in store.videos_in(Path("/media"))] == [A]
    assert_same_lists(tmp_path, tmp_path / "new")


def test_a_store_of_the_third_schema_opens(tmp_path: Path) -> None:
    entries = golden()
    large = bytes(range(256)) * 40
    entries["meta"] |= {b"schema": b"3", IDENTITY: b"0" * 32}
    entries["stills"] = {bytes(7) + b"\1": large}
    write_tables(tmp_path, entries)
    with Store.open(tmp_path) as store:
        assert store.still(KeyframeId(A, 0)) == large
        assert store.video_at(Path("/media/one.mp4")) == store.video(A)
    assert_same_lists(tmp_path, tmp_path / "new")


def test_a_backup_of_the_second_schema_is_restored_with_other_paths(tmp_path: Path) -> None:
    write_tables(tmp_path / "old", earlier(b"2"))
    with store_snapshot(tmp_path / "old") as backup:
        fill_store(tmp_path / "new", ((table, [list(backup.entries(table))]) for table in Table))
    with Store.open(tmp_path / "new") as store:
        assert store.relocate(PathMap({Path("/media"): Path("/disk/films")})) == 1
        assert store.folders_in(Path("/")) == {Path("/disk"): 1}
        assert [video.video_id for video in store.videos_in(Path("/disk"))] == [A]
        assert store.videos_in(Path("/media")) == []
