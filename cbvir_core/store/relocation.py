"""Paths of videos that are somewhere else now: of a library that was restored on another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import path_key
from cbvir_core.store.records import load_video
from cbvir_core.store.tables import put_video


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
    """Give every video the paths at which its files are now; return how many paths changed."""
    changed = 0
    for key, record in [(key, load_video(value)) for key, value in txn.scan(Table.VIDEOS, b"\0")]:
        paths = tuple(dict.fromkeys(moved(path) for path in record.paths))
        if paths == record.paths:
            continue
        changed += sum(path not in record.paths for path in paths)
        for path in record.paths:
            if (known := txn.get(Table.PATHS, path_key(path))) is not None and bytes(known) == key:
                txn.delete(Table.PATHS, path_key(path))
        for path in paths:
            txn.put(Table.PATHS, path_key(path), key)
        put_video(txn, replace(record, paths=paths))
    return changed
