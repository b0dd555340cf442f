"""Checks of what is linked: videos, paths, rows, keyframe numbers, lists, counters, shared segments."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.errors import StoreDamaged
from cbvir_core.store import tables
from cbvir_core.store.check.faults import StoreFault, as_rows, differing
from cbvir_core.store.comparison_tables import mirrored_pair_key, videos_of_pair_key
from cbvir_core.store.environment import Table
from cbvir_core.store.layout import (
    KeyframeRow,
    number_key,
    unframed_row,
    unpack_keyframe,
    unpack_number,
    unpack_row_key,
)
from cbvir_core.store.path_keys import folder_key, path_key
from cbvir_core.store.path_tables import FOLDER_COUNT_BYTES, folders_of, pack_folder
from cbvir_core.store.records import VideoRecord, load_video
from cbvir_core.store.row_mask import CHUNK_ROWS
from cbvir_core.store.snapshot import StoreSnapshot
from cbvir_core.store.upgrade import FIRST_SCHEMA, LISTS_SCHEMA, SCHEMA_KEY
from cbvir_core.types import RowNumbers, VideoId


@dataclass(slots=True)
class KnownRows:
    """Videos, and rows that can be read, with what was wrong on the way."""

    videos: dict[VideoId, VideoRecord] = field(default_factory=dict)
    numbers: RowNumbers = field(default_factory=lambda: np.zeros(0, np.int64))
    searchable: RowNumbers = field(default_factory=lambda: np.zeros(0, np.int64))
    keyframes_of: Counter[VideoId] = field(default_factory=Counter)
    faults: list[StoreFault] = field(default_factory=list)


def known_rows(snapshot: StoreSnapshot) -> KnownRows:
    """Read all videos and rows."""
    known, rows, searchable = KnownRows(), list[int](), list[int]()
    for key, value in snapshot.entries(Table.VIDEOS):
        try:
            record = load_video(memoryview(value))
            known.videos[record.video_id] = record
        except StoreDamaged as error:
            known.faults.append(StoreFault(Table.VIDEOS, f"{key!r}: {error}"))
    for key, value in snapshot.entries(Table.ROWS):
        try:
            keyframe = unpack_keyframe(unpack_number(key), memoryview(value))
        except StoreDamaged as error:
            known.faults.append(StoreFault(Table.ROWS, f"row {key.hex()}: {error}"))
            continue
        known.faults += _row_faults(keyframe, known)
        rows.append(keyframe.row)
        if keyframe.quality > 0:
            searchable.append(keyframe.row)
        known.keyframes_of[keyframe.keyframe_id.video] += 1
    known.numbers, known.searchable = as_rows(rows), as_rows(searchable)
    return known


def check_links(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    """Yield all that is wrong between the tables."""
    yield from known.faults
    yield from _check_videos(known)
    yield from _check_paths(snapshot, known)
    yield from _check_numbers(snapshot, known)
    yield from _check_lists(snapshot, known)
    yield from _check_counters(snapshot, known)
    yield from _check_shared(snapshot, known)


def _row_faults(row: KeyframeRow, known: KnownRows) -> Iterator[StoreFault]:
    if row.keyframe_id.video not in known.videos:
        yield StoreFault(Table.ROWS, f"row {row.row} is of a video that is not known")
    if not row.scene_start_s <= row.scene_end_s:
        yield StoreFault(Table.ROWS, f"row {row.row} is a scene that ends before it begins")


def _check_videos(known: KnownRows) -> Iterator[StoreFault]:
    for video_id, record in known.videos.items():
        if record.keyframes != known.keyframes_of[video_id]:
            said = f"{video_id} counts {record.keyframes} keyframes and has {known.keyframes_of[video_id]}"
            yield StoreFault(Table.VIDEOS, said)


def _check_paths(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    if snapshot.meta(SCHEMA_KEY) in (FIRST_SCHEMA, LISTS_SCHEMA):
        return  # of an earlier release: its opening makes these tables anew
    owners = {path_key(path): record for record in known.videos.values() for path in record.paths}
    for key, value in snapshot.entries(Table.PATHS):
        owner = owners.pop(key, None)
        if owner is None or owner.video_id.encode() != value:
            yield StoreFault(Table.PATHS, f"{key!r} leads to {value!r}, which is not at that path")
    for record in owners.values():
        yield StoreFault(Table.PATHS, f"a path of {record.video_id} leads to no video")
    counted = Counter(folder for record in known.videos.values() for folder in folders_of(record.paths))
    expected = {folder_key(folder): pack_folder(folder, count) for folder, count in counted.items()}
    wrong = set(snapshot.entries(Table.FOLDERS)) ^ set(expected.items())
    for name in sorted({os.fsdecode(value[FOLDER_COUNT_BYTES:]) for _, value in wrong}):
        yield StoreFault(Table.FOLDERS, f"what is counted of a folder {name!r} is not what lies there")


def _check_numbers(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    """Yield what is wrong with the names of keyframes: each leads to its row, and each row has one."""
    named = {key: unpack_number(value) for key, value in snapshot.entries(Table.NUMBERS)}
    for key, value in snapshot.entries(Table.ROWS):
        try:
            row = unpack_keyframe(unpack_number(key), memoryview(value))
        except StoreDamaged:
            continue  # told of already
        if named.pop(number_key(row.keyframe_id), None) != row.row:
            yield StoreFault(Table.NUMBERS, f"no name of a keyframe leads to row {row.row}")
    for key in named:
        yield StoreFault(Table.NUMBERS, f"{key!r} leads to a row of another name, or to none")


def _check_lists(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    if snapshot.meta(SCHEMA_KEY) == FIRST_SCHEMA:
        return  # its opening makes the lists, in many transactions: a kill leaves some of them

    def rows_of(table: Table) -> RowNumbers:
        return as_rows(unpack_number(key) for key, _ in snapshot.entries(table))

    lists = {table: set[str]() for table in tables.VIDEO_LISTS}
    for record in known.videos.values():
        if (table := tables.list_of(record)) is not None:
            lists[table].add(record.video_id)
    for table, expected in lists.items():
        found = {key.decode("ascii", "replace") for key, _ in snapshot.entries(table)}
        for video_id in sorted(found ^ expected):
            yield StoreFault(table, f"{video_id} is {'wrongly' if video_id in found else 'not'} listed")
    if not (snapshot.is_empty(Table.FEATURES) and snapshot.is_empty(Table.UNFEATURED)):
        unfeatured = np.setdiff1d(known.numbers, rows_of(Table.FEATURES))
        yield from differing(Table.UNFEATURED, rows_of(Table.UNFEATURED), unfeatured, "it has no features")
    if snapshot.meta(tables.FRAME_CODEC_KEY) is not None:
        unframed = np.setdiff1d(known.numbers, rows_of(Table.FRAMES))
        listed = as_rows(unframed_row(key) for key, _ in snapshot.entries(Table.UNFRAMED))
        yield from differing(Table.UNFRAMED, listed, unframed, "it has no frame codes")
    marked = [
        CHUNK_ROWS * unpack_number(key) + np.flatnonzero(np.unpackbits(np.frombuffer(value, np.uint8)))
        for key, value in snapshot.entries(Table.SEARCHABLE)
    ]
    rows = np.concatenate([np.zeros(0, np.int64), *marked]).tolist()
    yield from differing(Table.SEARCHABLE, rows, known.searchable, "it is stored and not blank")


def _check_counters(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    counted = snapshot.counter(tables.KEYFRAME_COUNTER)
    if counted != len(known.numbers):
        yield StoreFault(Table.META, f"{counted} keyframes are counted, {len(known.numbers)} are there")
    last = snapshot.counter(tables.LAST_ROW_COUNTER)
    if len(known.numbers) and known.numbers.max() > last:
        yield StoreFault(Table.META, f"row {known.numbers.max()} was never given out: the last one is {last}")
    for key, value in snapshot.entries(Table.CHANGES):
        try:
            unpack_number(key)
            unpack_row_key(value)
        except StoreDamaged as error:
            yield StoreFault(Table.CHANGES, f"{key.hex()}: {error}")


def _check_shared(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    expected = set[bytes]()
    for key, _ in snapshot.entries(Table.SHARED):
        expected.add(mirrored_pair_key(key))
        for video_id in videos_of_pair_key(key):
            if video_id not in known.videos:
                yield StoreFault(Table.SHARED, f"a segment is of {video_id}, which is not known")
    found = {key for key, _ in snapshot.entries(Table.SHARED_BY)}
    if found != expected:
        yield StoreFault(Table.SHARED_BY, f"{len(found ^ expected)} entries are not those of shared segments")
    for key, _ in snapshot.entries(Table.COMPARED):
        if key.decode("ascii", "replace") not in known.videos:
            yield StoreFault(Table.COMPARED, f"{key!r} is a video that is not known")
