"""Files of LMDB that end before their last page: reading what is missing ends the process with SIGBUS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cbvir_core.errors import StoreDamaged

UNWRITTEN_PAGES, UNWRITTEN_SHARE = 256, 8
"""Pages at the end that transactions may have allocated, freed and never written: so many at most, and at
most one of so many.  Nothing leads to them."""


def missing_bytes(environment: Any, folder: Path) -> int:
    """Return how many bytes of an open environment lie beyond the end of its file."""
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    return max(0, int(needed) - (folder / "data.mdb").stat().st_size)


def fill_hole(environment: Any, folder: Path) -> None:
    """Let a file reach to its last page; as a hole, what is missing reads as zeros, which LMDB refuses."""
    if missing := missing_bytes(environment, folder):
        data = folder / "data.mdb"
        os.truncate(data, data.stat().st_size + missing)


def refuse_short_file(environment: Any, folder: Path) -> None:
    """Raise StoreDamaged where more is missing than transactions leave unwritten; nothing is changed."""
    page_bytes, pages = environment.stat()["psize"], environment.info()["last_pgno"] + 1
    if missing_bytes(environment, folder) > page_bytes * min(UNWRITTEN_PAGES, pages // UNWRITTEN_SHARE):
        raise StoreDamaged("was cut short: its file ends before its last page.", path=folder)
