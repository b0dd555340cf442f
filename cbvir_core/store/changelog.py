"""The change log: what derived files follow, so that they need not compare everything.

Entries have consecutive numbers and are dropped from the old end only, so the first entry says how far
back the log reaches.  A reader that is further behind gets all rows of its generation instead.  So any part
of the log may be dropped at any time; that costs a reader time but never a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    generation_key,
    numbers_of_keys,
    pack_number,
    rows_of_keys,
    unpack_number,
    unpack_row_key,
)
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation
from cbvir_core.types import RowNumbers

READ_BATCH_CHANGES = 65_536  # entries of one reading transaction: growing the map waits for the longest one
TRIM_BATCH_CHANGES = 16_384  # entries dropped in one transaction: appending waits for it

FRAMES_GENERATION = Generation(tables.FRAMES_MARK, "frames", None)
"""Stands for frame codes where `ChangeStore.changes` takes a generation."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes up to the sequence number `last`: rows that a generation got, and rows forgotten.

    Each row is added at most once; a row may be in both, and is then forgotten.  Where `whole`, the
    log does not reach back far enough: `added` then holds every row that the generation has, and any other
    row that a reader holds was forgotten.
    """

    last: int
    added: RowNumbers
    forgotten: RowNumbers
    whole: bool = False


class ChangeStore(StorePart):
    """The change log of a `Store`."""

    def last_change(self) -> int:
        """Return the sequence number of the newest change; 0 before the first."""
        with self._environment.read() as txn:
            return tables.last_change(txn)

    def changes(self, generation: Generation, after: int) -> Changes:
        """Return what happened to a generation after the sequence number `after`, in that order.

        For `FRAMES_GENERATION`, `added` are the rows that got frame codes.  Whoever keeps anything made of
        them keeps `FrameStore.frame_codec` beside it, and begins anew where that has become another one.
        """
        changes = self._logged(generation, after)
        while changes is None:  # again where the log was trimmed meanwhile
            changes = self._listed(generation)
        return changes

    def trim_changes(self, upto: int, batch: int = TRIM_BATCH_CHANGES) -> int:
        """Drop the `batch` oldest changes in one transaction; return how many were dropped.

        None is dropped unless all of them are at or before `upto`.  The newest change always stays: the
        next one is numbered from it.
        """
        with self._environment.read() as txn:
            if not _oldest_keys(txn, upto, batch):
                return 0
        return self._environment.write(
            lambda txn: sum(txn.delete(Table.CHANGES, key) for key in _oldest_keys(txn, upto, batch))
        )

    def _logged(self, generation: Generation, after: int) -> Changes | None:
        """Return the changes in the log after `after`; None where the log begins later than that."""
        added: list[int] = []
        forgotten: list[int] = []
        last, full = after, True
        while full:
            with self._environment.read() as txn:
                if _first_number(txn) > last + 1 or last < _valid_since(txn, generation):
                    return None
                batch = list(islice(txn.scan(Table.CHANGES, pack_number(last + 1)), READ_BATCH_CHANGES))
                entries = [unpack_row_key(value) for _, value in batch]
                last = unpack_number(batch[-1][0]) if batch else last
            for number, row in entries:
                if number == generation.number:
                    added.append(row)
                elif number == tables.FORGOTTEN_MARK:
                    forgotten.append(row)
            full = len(entries) == READ_BATCH_CHANGES
        return Changes(last, np.array(added, dtype=np.int64), np.array(forgotten, dtype=np.int64))

    def _listed(self, generation: Generation) -> Changes | None:
        """Return every row of a generation, with what happened while they were listed.

        None where the log was trimmed meanwhile.
        """
        begun = self.last_change()
        parts = [np.zeros(0, dtype=np.int64)]
        of_frames = generation == FRAMES_GENERATION
        table = Table.FRAMES if of_frames else Table.DESCRIPTORS
        prefix = b"" if of_frames else generation_key(generation.number)
        start, full = prefix or b"\0", True
        while full:
            with self._environment.read() as txn:
                keys = list(islice(txn.keys(table, start, prefix), READ_BATCH_CHANGES))
            parts.append(numbers_of_keys(keys) if of_frames else rows_of_keys(keys))
            start, full = (keys[-1] + b"\0" if keys else prefix), len(keys) == READ_BATCH_CHANGES
        since = self._logged(generation, begun)
        if since is None:
            return None
        added = np.union1d(np.concatenate(parts), since.added)
        return Changes(since.last, added, since.forgotten, whole=True)


def _valid_since(txn: Transaction, generation: Generation) -> int:
    """Return the change up to which the log says nothing that still holds: codes of another codec."""
    return tables.read_counter(txn, tables.FRAMES_SINCE) if generation == FRAMES_GENERATION else 0


def _first_number(txn: Transaction) -> int:
    """Return the sequence number of the oldest change in the log; 0 where the log is empty."""
    key = next(txn.keys(Table.CHANGES, b"\0"), None)
    return 0 if key is None else unpack_number(key)


def _oldest_keys(txn: Transaction, upto: int, batch: int) -> list[bytes]:
    """Return the keys of the `batch` oldest changes.

    None unless all of them are at or before `upto` and before the newest.
    """
    first, newest = _first_number(txn), txn.last_key(Table.CHANGES)
    last = first + batch - 1
    if newest is None or last > upto or last >= unpack_number(newest):
        return []
    return [pack_number(number) for number in range(first, last + 1)]
