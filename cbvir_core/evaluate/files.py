"""Lists of the files in folders that the user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbvir_core.errors import FileUnreadable


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Return every file in the folders and below as resolved paths, sorted within each folder.

    Raise FileUnreadable where a path is not a folder.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise FileUnreadable(f"{folder} is not a folder")
        found += sorted(path.resolve() for path in folder.rglob("*") if path.is_file())
    return found
