"""The change log: what derived files follow, so that they need not compare everything.

Entries have consecutive numbers and only ever go from the old end, so the first entry tells how far
back the log reaches.  Whoever is further behind gets the rows themselves, from which the log can be
told: any part of it may be dropped at any time, and costs a reader time but never a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from cbvir_core.store import ledger
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import generation_key, number_value, read_number, read_row_key, rows_of_keys
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation

READ_BATCH = 65_536  # entries of one reading transaction: growing the map waits for the longest one
TRIM_BATCH = 16_384  # entries dropped in one transaction: appending waits for it


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened up to the sequence number `last`: rows that a generation got, rows forgotten.

    Each row is added at most once; a row may be in both, and is then forgotten.  Where `whole`, the
    log does not reach back to what was asked for: `added` holds every row that the generation has,
    and whatever else a reader knows of was forgotten.
    """

    last: int
    added: npt.NDArray[np.int64]
    forgotten: npt.NDArray[np.int64]
    whole: bool = False


class ChangeStore(StorePart):
    """The part of `Store` that knows the change log."""

    def last_change(self) -> int:
        """The sequence number of the newest change; 0 before the first."""
        with self._environment.read() as txn:
            key = txn.last_key(Table.CHANGES)
            return 0 if key is None else read_number(key)

    def changes(self, generation: Generation, after: int) -> Changes:
        """What happened to a generation since the sequence number `after`, in that order."""
        found = self._logged(generation, after)
        while found is None:  # again where the log was trimmed meanwhile
            found = self._listed(generation)
        return found

    def trim_changes(self, upto: int, batch: int = TRIM_BATCH) -> int:
        """Drops the `batch` oldest changes in one transaction; says how many.

        Drops none where not all of them are at or before `upto`.  The newest change always stays: the
        next one is numbered from it.
        """
        with self._environment.read() as txn:
            if not _oldest(txn, upto, batch):
                return 0
        return self._environment.write(
            lambda txn: sum(txn.delete(Table.CHANGES, key) for key in _oldest(txn, upto, batch))
        )

    def _logged(self, generation: Generation, after: int) -> Changes | None:
        """What the log tells; None where it begins later than that."""
        added: list[int] = []
        forgotten: list[int] = []
        last, full = after, True
        while full:
            with self._environment.read() as txn:
                if _first(txn) > last + 1:
                    return None
                batch = list(islice(txn.scan(Table.CHANGES, number_value(last + 1)), READ_BATCH))
                entries = [read_row_key(value) for _, value in batch]
                last = read_number(batch[-1][0]) if batch else last
            for number, row in entries:
                if number == generation.number:
                    added.append(row)
                elif number == ledger.FORGOTTEN:
                    forgotten.append(row)
            full = len(entries) == READ_BATCH
        return Changes(last, np.array(added, dtype=np.int64), np.array(forgotten, dtype=np.int64))

    def _listed(self, generation: Generation) -> Changes | None:
        """Every row of a generation, with what happened while they were listed; None as `_logged`."""
        begun = self.last_change()
        parts = [np.zeros(0, dtype=np.int64)]
        prefix = generation_key(generation.number)
        start, full = prefix, True
        while full:
            with self._environment.read() as txn:
                keys = list(islice(txn.keys(Table.DESCRIPTORS, start, prefix), READ_BATCH))
            parts.append(rows_of_keys(keys))
            start, full = (keys[-1] + b"\0" if keys else prefix), len(keys) == READ_BATCH
        since = self._logged(generation, begun)
        if since is None:
            return None
        added = np.union1d(np.concatenate(parts), since.added)
        return Changes(since.last, added, since.forgotten, whole=True)


def _first(txn: Transaction) -> int:
    """The sequence number of the oldest change that is still there; 0 before the first."""
    key = next(txn.keys(Table.CHANGES, b"\0"), None)
    return 0 if key is None else read_number(key)


def _oldest(txn: Transaction, upto: int, batch: int) -> list[bytes]:
    """The keys of the oldest changes, where there are as many up to `upto` and before the newest."""
    first, newest = _first(txn), txn.last_key(Table.CHANGES)
    last = first + batch - 1
    if newest is None or last > upto or last >= read_number(newest):
        return []
    return [number_value(number) for number in range(first, last + 1)]
