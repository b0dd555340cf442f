"""Files in folders that the user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbvir_core.errors import FileUnreadable


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Every file in the folders and below, resolved; each folder's sorted.

    Raises FileUnreadable for what is no folder.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise FileUnreadable(f"{folder} is no folder")
        found += sorted(path.resolve() for path in folder.rglob("*") if path.is_file())
    return found
