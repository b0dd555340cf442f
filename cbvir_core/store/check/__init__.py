"""Every row, value and link of a store, checked beside the process that has it open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.store.check.faults import StoreFault
from cbvir_core.store.check.links import check_links, known_rows
from cbvir_core.store.check.values import VALUE_CHECKS
from cbvir_core.store.environment import Table
from cbvir_core.store.snapshot import store_snapshot

CheckProgress = Callable[[Table], None]
"""Called with each table before its values are read."""


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What a check found: videos and keyframes that are known, and all faults."""

    videos: int
    keyframes: int
    faults: tuple[StoreFault, ...]


def check_store(folder: Path, progress: CheckProgress = lambda table: None) -> StoreCheck:
    """Check all that the store in `folder` holds at this moment; nothing is written.

    Only for a process that has the store not open.  Every still is decoded: a keyframe takes about a
    millisecond.
    Raises StoreDamaged where the store cannot be read at all.
    """

    def faults() -> Iterator[StoreFault]:
        yield from check_links(snapshot, rows)
        for table, check in VALUE_CHECKS.items():
            progress(table)
            yield from check(snapshot, rows)

    with store_snapshot(folder) as snapshot:
        rows = known_rows(snapshot)
        return StoreCheck(len(rows.videos), len(rows.numbers), tuple(faults()))


__all__ = ["CheckProgress", "StoreCheck", "StoreFault", "check_store"]
