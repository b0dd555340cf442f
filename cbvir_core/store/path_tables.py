"""The tables of paths: which video is at a path, what lies in a folder, and how many videos that are.

A video's record says at which paths it is; these tables say the same the other way round.  Every function
works within the transaction that it is given, and every change of a record's paths goes through here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_number, unpack_number
from cbvir_core.store.path_keys import (
    PATH_HEAD_BYTES,
    folder_key,
    folder_prefix,
    key_after,
    path_key,
    path_order,
)
from cbvir_core.store.records import VideoRecord, load_video
from cbvir_core.types import VideoId

FOLDER_COUNT_BYTES = 8


def absolute_path(path: Path) -> Path:
    """Return a path as it is stored: absolute, without `..`; links are not followed."""
    whole = os.path.abspath(path)  # noqa: PTH100  Path.absolute() keeps `..`
    return Path("/" + whole.lstrip("/"))  # of two slashes at the beginning, POSIX keeps both


def read_video_at(txn: Transaction, path: Path) -> VideoRecord | None:
    """Return the video whose file is at an absolute path, or None."""
    value = txn.get(Table.PATHS, path_key(path))
    known = None if value is None else txn.get(Table.VIDEOS, bytes(value))
    return None if known is None else load_video(known)


def is_path(txn: Transaction, path: Path) -> bool:
    """Return whether a video is at an absolute path."""
    return txn.get(Table.PATHS, path_key(path)) is not None


def put_with_path(txn: Transaction, record: VideoRecord, path: Path) -> None:
    """Write the record with one more path, and take the path from any other video.

    The paths that the record has are those of the stored one.
    """
    path = absolute_path(path)
    other = read_video_at(txn, path)
    if other is not None and other.video_id != record.video_id:
        put_paths(txn, other, other.without_path(path).paths)
    put_paths(txn, record, record.with_path(path).paths)


def put_paths(txn: Transaction, record: VideoRecord, paths: tuple[Path, ...]) -> None:
    """Write the record with these paths instead of those that it has."""
    change_paths(txn, record.video_id, record.paths, paths)
    tables.put_video(txn, record if paths == record.paths else replace(record, paths=paths))


def change_paths(
    txn: Transaction, video_id: VideoId, before: tuple[Path, ...], after: tuple[Path, ...]
) -> None:
    """Let a video be found at the paths `after`, and no more at those `before`; its record is the caller's.

    A path that leads to another video meanwhile stays that one's.
    """
    own = video_id.encode()
    for path in before:
        known = txn.get(Table.PATHS, path_key(path))
        if path not in after and known is not None and bytes(known) == own:
            txn.delete(Table.PATHS, path_key(path))
    for path in after:
        txn.put(Table.PATHS, path_key(path), own)
    left, entered = folders_of(before), folders_of(after)
    _add_to_folders(txn, dict.fromkeys(left - entered, -1) | dict.fromkeys(entered - left, 1))


def folders_of(paths: Iterable[Path]) -> set[Path]:
    """Return every folder in which one of the paths lies, at any depth."""
    return {folder for path in paths for folder in path.parents}


def list_all_paths(txn: Transaction) -> None:
    """Make both tables anew of the records."""
    txn.clear(Table.PATHS)
    txn.clear(Table.FOLDERS)
    counted = Counter[Path]()
    places: list[tuple[bytes, bytes]] = []
    for key, value in txn.scan(Table.VIDEOS, b"\0"):
        paths = load_video(value).paths
        places += ((path_key(path), key) for path in paths)
        counted.update(folders_of(paths))
    for place, video in sorted(places):
        txn.put(Table.PATHS, place, video)
    _add_to_folders(txn, counted)


def videos_at_paths(
    txn: Transaction, folder: Path, after: Path | None = None, *, down: bool = False
) -> Iterator[tuple[Path, VideoRecord]]:
    """Yield each path in a folder, at any depth, with the video that is there, in order of `path_order`.

    They begin after the path `after`; `down` yields them the other way round, from `after` downwards.
    """
    within = folder_prefix(folder)
    passed = None if after is None else path_order(after)
    for _, group in groupby(
        _keys_in(txn, within, passed, down=down), lambda entry: entry[0][:PATH_HEAD_BYTES]
    ):
        found = [pair for key, video in group for pair in _paths_with_key(txn, key, video)]
        for path, record in sorted(found, key=lambda pair: path_order(pair[0]), reverse=down):
            place = path_order(path)
            is_left = passed is None or (place < passed if down else place > passed)
            if is_left and place.startswith(within):
                yield path, record


def _keys_in(
    txn: Transaction, within: bytes, passed: bytes | None, *, down: bool
) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and videos in a folder, from the group of the place that was passed on."""
    prefix = within[:PATH_HEAD_BYTES]
    if not down:
        start = prefix if passed is None else max(prefix, passed[:PATH_HEAD_BYTES])
        return ((key, bytes(value)) for key, value in txn.scan(Table.PATHS, start, prefix))
    end = key_after(prefix)
    if passed is not None:
        last = passed[:PATH_HEAD_BYTES]
        below = key_after(last) if len(last) == PATH_HEAD_BYTES else last + b"\0"
        end = min((one for one in (end, below) if one is not None), default=None)
    return ((key, bytes(value)) for key, value in txn.scan_down(Table.PATHS, end, prefix))


def _paths_with_key(txn: Transaction, key: bytes, video: bytes) -> list[tuple[Path, VideoRecord]]:
    """Return the path of a key with its video; none where the tables do not agree."""
    value = txn.get(Table.VIDEOS, video)
    if value is None:
        return []
    record = load_video(value)
    return [(path, record) for path in record.paths if path_key(path) == key]


def pack_folder(folder: Path, count: int) -> bytes:
    """Pack how many videos lie in a folder, and its name."""
    return pack_number(count) + os.fsencode(folder.name)


def unpack_folder(value: bytes | memoryview) -> tuple[str, int]:
    """Unpack what `pack_folder` made: the name and the count."""
    return os.fsdecode(bytes(value[FOLDER_COUNT_BYTES:])), unpack_number(value[:FOLDER_COUNT_BYTES])


def count_in_folder(txn: Transaction, folder: Path) -> int:
    """Return how many videos lie in a folder, at any depth."""
    value = txn.get(Table.FOLDERS, folder_key(folder))
    return 0 if value is None else unpack_folder(value)[1]


def _add_to_folders(txn: Transaction, changes: dict[Path, int]) -> None:
    for folder, change in changes.items():
        put_folder_count(txn, folder, count_in_folder(txn, folder) + change)


def put_folder_count(txn: Transaction, folder: Path, count: int) -> None:
    """Write how many videos lie in a folder; one without any is not listed."""
    if count > 0:
        txn.put(Table.FOLDERS, folder_key(folder), pack_folder(folder, count))
    else:
        txn.delete(Table.FOLDERS, folder_key(folder))
