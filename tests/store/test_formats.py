"""What lies on the disk: keys and values of a small store.

A change here is a new schema: stores of earlier releases must open.  The first one lacked the lists of
`LISTS_OF_SCHEMA_2`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import lmdb
import numpy as np

from cbvir_core.store import DescriptorCounts, Store, VideoCounts
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

LISTS_OF_SCHEMA_2 = {"unfeatured", "searchable", "incomplete", "partial", "pathless"}

GOLDEN: dict[str, dict[bytes | str, bytes | str]] = {
    "meta": {
        b"schema": b"2",
        b"answering": "0000000000000001",
        b"filter:1": "0000000000000002",
        b"refine:1": "0000000000000001",
        b"last_generation": "0000000000000001",
        b"next_row": "0000000000000003",
        b"rows": "0000000000000002",
    },
    "videos": {b"aa11": VIDEO_JSON},
    "paths": {"63055bb4d15cd3326f407b6b874d2e788c7dcc9689bbc1a3c95d2725abe1d90b": b"aa11"},
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


def lists_in(folder: Path) -> dict[str, dict[bytes, bytes]]:
    """The lists of schema 2 of a store."""
    found: dict[str, dict[bytes, bytes]] = {}
    with lmdb.open(str(folder), max_dbs=24) as environment:
        tables = {name: environment.open_db(name.encode(), create=False) for name in LISTS_OF_SCHEMA_2}
        with environment.begin() as txn:
            for name, table in tables.items():
                found[name] = {bytes(key): bytes(value) for key, value in txn.cursor(table)}
    return found


def test_a_store_is_written_in_its_formats(tmp_path: Path) -> None:
    write_small_store(tmp_path)
    written: dict[str, dict[bytes, bytes]] = {}
    with lmdb.open(str(tmp_path), max_dbs=24) as environment:
        with environment.begin() as txn:
            names = [bytes(name) for name in txn.cursor().iternext(values=False)]
        tables = {name: environment.open_db(name, create=False) for name in names}
        with environment.begin() as txn:
            for name, table in tables.items():
                written[name.decode()] = {bytes(k): bytes(v) for k, v in txn.cursor(table)}
    assert len(written["meta"].pop(IDENTITY)) == 32
    assert [written.pop(name) for name in ("compared", "shared", "shared_by")] == [{}, {}, {}]  # came later
    assert set(written.pop("stills")) == {bytes(7) + b"\1", bytes(7) + b"\2"}
    expected = golden()
    for contents in (written, expected):
        strips = contents["thumbnails"]
        contents["thumbnails"] = {key: strip[:STRIP_HEADER_BYTES] for key, strip in strips.items()}
    assert written == expected


def test_a_store_of_the_first_release_opens(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), max_dbs=20) as environment:
        entries = {table: kept for table, kept in golden().items() if table not in LISTS_OF_SCHEMA_2}
        entries["meta"][b"schema"] = b"1"
        del entries["refined"]
        entries["descriptors"][bytes.fromhex(ROW_1)] = bytes.fromhex(BOTH_DESCRIPTORS)
        entries["meta"][IDENTITY] = b"0" * 32
        entries["stills"] = {bytes(7) + b"\1": b"a JPEG"}
        tables = {name: environment.open_db(name.encode()) for name in entries}
        with environment.begin(write=True) as txn:
            for name, table in tables.items():
                for key, value in entries[name].items():
                    txn.put(key, value, db=table)
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
    write_small_store(tmp_path / "new")
    assert lists_in(tmp_path) == lists_in(tmp_path / "new")
