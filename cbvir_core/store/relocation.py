"""Paths of videos that are somewhere else now: of a library that was restored on another machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.path_tables import put_paths
from cbvir_core.store.records import load_video


class PathMap:
    """Folders that were renamed, old ones to new ones; of several that fit, the longest old one counts."""

    def __init__(self, folders: Mapping[Path, Path]) -> None:
        self._folders = sorted(folders.items(), key=lambda pair: -len(pair[0].parts))

    def __bool__(self) -> bool:
        return bool(self._folders)

    def __call__(self, path: Path) -> Path:
        """Return where a file is now."""
        for old, new in self._folders:
            if path.is_relative_to(old):
                return new / path.relative_to(old)
        return path


def relocate(txn: Transaction, moved: PathMap) -> int:
    """Give every video the paths at which its files are now; return how many paths changed.

    A path that two videos would have is that of the video that moved there.
    """
    records = [load_video(value) for _, value in txn.scan(Table.VIDEOS, b"\0")]
    now = {record.video_id: tuple(dict.fromkeys(map(moved, record.paths))) for record in records}
    stayed_first = sorted(records, key=lambda record: now[record.video_id] != record.paths)
    owners = {path: record.video_id for record in stayed_first for path in now[record.video_id]}
    changed = 0
    for record in records:
        video_id = record.video_id
        paths = tuple(path for path in now[video_id] if owners[path] == video_id)
        if paths != record.paths:
            changed += sum(path not in record.paths for path in paths)
            put_paths(txn, record, paths)
    return changed
