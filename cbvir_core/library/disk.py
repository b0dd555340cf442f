"""How much room a library takes on the disk, by what it is for, and how much is left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.library.generations import DataFolders
from cbvir_core.store import Store, Table

PART_TABLES: Mapping[str, tuple[Table, ...]] = {
    "stills": (Table.STILLS,),
    "thumbnails": (Table.THUMBNAILS,),
    "features": (Table.FEATURES,),
    "frame_codes": (Table.FRAMES,),
    "descriptors": (Table.DESCRIPTORS, Table.REFINED),
}
"""Parts of the store by their tables; what is left of it counts as ``other``."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes on the disk.

    - `store`: the whole store; `parts` of it by what they hold.  Pages that were freed and will be used again
      are in ``other``.
    - `indices`: both indices; `models`: weights and converted networks.
    - `free`: what is left on the disk of the store.
    """

    store: int
    parts: dict[str, int]
    indices: int
    models: int
    free: int


def disk_use(store: Store, folders: DataFolders) -> DiskUse:
    """Return the room that a library takes, and how much is left."""
    tables = store.table_bytes()
    whole = _bytes_in(folders.store)
    parts = {name: sum(tables[table] for table in own) for name, own in PART_TABLES.items()}
    parts["other"] = max(0, whole - sum(parts.values()))
    return DiskUse(
        store=whole,
        parts=parts,
        indices=sum(_bytes_in(folder) for folder in (folders.indices, folders.frames)),
        models=sum(_bytes_in(folder) for folder in (folders.models, folders.cache)),
        free=shutil.disk_usage(folders.store).free,
    )


def _bytes_in(folder: Path) -> int:
    """Return the bytes that files take on the disk; those that vanish meanwhile count as none."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(top, name)).st_blocks * 512  # noqa: PTH116, PTH118
            except FileNotFoundError:
                continue
    return total
