"""Paths of videos: which video is at one, what lies in a folder, files that come, move and go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from cbvir_core.store import tables
from cbvir_core.store.comparison_tables import delete_comparison
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.part import StorePart
from cbvir_core.store.path_keys import folder_key, folders_prefix
from cbvir_core.store.path_tables import (
    absolute_path,
    change_paths,
    count_in_folder,
    is_path,
    put_paths,
    put_with_path,
    read_video_at,
    unpack_folder,
    videos_at_paths,
)
from cbvir_core.store.records import VideoRecord
from cbvir_core.types import VideoId

CHECKED_AT_ONCE = 8_192
"""Paths that are looked up in one reading transaction: growing the map waits for the longest one."""


class PathStore(StorePart):
    """The paths of the videos of a `Store`.  What is asked of a folder takes no longer in a larger store."""

    def video_at(self, path: Path) -> VideoRecord | None:
        """Return the video whose file is at `path`, or None."""
        with self._environment.read() as txn:
            return read_video_at(txn, absolute_path(path))

    def videos_in(self, folder: Path) -> list[VideoRecord]:
        """Return the videos that lie in a folder, at any depth, in order of their paths there."""
        with self._environment.read() as txn:
            found = videos_at_paths(txn, absolute_path(folder))
            return list({record.video_id: record for _, record in found}.values())

    def paths_in(
        self, folder: Path, count: int, after: Path | None = None, *, down: bool = False
    ) -> list[tuple[Path, VideoRecord]]:
        """Return up to `count` paths in a folder, at any depth, with their videos, in order of their parts.

        They begin after the path `after`, which need not be known.  With `down` they come the other way
        round, and from `after` downwards.  A video at several paths comes with each.
        """
        with self._environment.read() as txn:
            return list(islice(videos_at_paths(txn, folder, after, down=down), count))

    def count_in(self, folder: Path) -> int:
        """Return how many videos lie in a folder, at any depth; takes no longer with many of them."""
        with self._environment.read() as txn:
            return count_in_folder(txn, folder)

    def folders_in(self, folder: Path) -> dict[Path, int]:
        """Return the folders directly in a folder that hold videos, by name, with how many each holds."""
        prefix, own = folders_prefix(folder), folder_key(folder)  # the root's parent is itself
        with self._environment.read() as txn:
            entries = txn.scan(Table.FOLDERS, prefix, prefix)
            found = dict(unpack_folder(value) for key, value in entries if key != own)
        return {folder / name: found[name] for name in sorted(found)}

    def paths_without_video(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of many paths at which no video is; no record is read."""
        left, unknown = iter(paths), list[Path]()
        while some := list(islice(left, CHECKED_AT_ONCE)):
            with self._environment.read() as txn:
                unknown += (path for path in some if not is_path(txn, absolute_path(path)))
        return unknown

    def add_path(self, video_id: VideoId, path: Path) -> None:
        """Record that the video is also at `path`.  Another video that was there before loses the path."""
        self._environment.write(lambda txn: put_with_path(txn, tables.read_video(txn, video_id), path))

    def remove_path(self, video_id: VideoId, path: Path) -> None:
        """Record that the video is no longer at `path`.  It stays known, even without any path."""
        self._environment.write(lambda txn: _remove_path(txn, video_id, path))

    def drop_path(self, path: Path) -> None:
        """Record that no video is at `path` any more; one that was nowhere else is forgotten."""

        def work(txn: Transaction) -> None:
            record = read_video_at(txn, absolute_path(path))
            if record is not None:
                _drop_path(txn, record, path)

        self._environment.write(work)

    def move_path(self, source: Path, target: Path) -> None:
        """Record that the file at `source` is now at `target`; nothing is computed again.

        Another video that was at `target` has been overwritten: it loses that path as by `drop_path`,
        also where no video is known at `source`.
        """

        def work(txn: Transaction) -> None:
            moved = read_video_at(txn, absolute_path(source))
            overwritten = read_video_at(txn, absolute_path(target))
            if overwritten is not None and overwritten != moved:
                _drop_path(txn, overwritten, target)
            if moved is not None:
                _remove_path(txn, moved.video_id, source)
                put_with_path(txn, tables.read_video(txn, moved.video_id), target)

        self._environment.write(work)


def forget_video(txn: Transaction, record: VideoRecord) -> None:
    """Delete a video with its paths and keyframes."""
    change_paths(txn, record.video_id, record.paths, ())
    tables.delete_rows(txn, tables.rows_of_video(txn, record.video_id))
    delete_comparison(txn, record.video_id)
    tables.delete_video(txn, record.video_id)


def rename_video(txn: Transaction, record: VideoRecord, video_id: VideoId) -> VideoRecord:
    """Give a video that was compared with no other another id, which no video has; return its record."""
    tables.rename_rows(txn, record.video_id, video_id)
    change_paths(txn, record.video_id, record.paths, ())
    tables.delete_video(txn, record.video_id)
    renamed = replace(record, video_id=video_id)
    change_paths(txn, video_id, (), record.paths)
    tables.put_video(txn, renamed)
    return renamed


def _drop_path(txn: Transaction, record: VideoRecord, path: Path) -> None:
    """Take one of its paths from a video, and forget the video where it was the only one."""
    if len(record.paths) == 1:
        forget_video(txn, record)
    else:
        _remove_path(txn, record.video_id, path)


def _remove_path(txn: Transaction, video_id: VideoId, path: Path) -> None:
    """Take a path from a video, where it has that path; raises UnknownVideo."""
    record = tables.read_video(txn, video_id)
    put_paths(txn, record, record.without_path(absolute_path(path)).paths)
