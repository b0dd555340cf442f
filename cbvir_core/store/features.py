"""Local features of stills, as bytes that only `cbvir_core.verify` reads.

They belong to the still alone: whatever the weights, they are made once.  A store without them, as an
earlier release left it, is complete: they are made when a query or the backfill wants them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from cbvir_core.store.descriptors import KEY_BATCH
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import number_value, read_number
from cbvir_core.store.part import StorePart


class FeatureStore(StorePart):
    """The part of `Store` that knows local features."""

    def features(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[bytes | None]:
        """What was put for `rows`, in that order; None where nothing was, or the row was forgotten."""
        with self._environment.read() as txn:
            found = [txn.get(Table.FEATURES, number_value(int(row))) for row in rows]
            return [None if value is None else bytes(value) for value in found]

    def put_features(self, packed: Mapping[int, bytes]) -> int:
        """Keeps features of rows; says how many.  Rows that were forgotten meanwhile are left out."""

        def work(txn: Transaction) -> int:
            live = [row for row in packed if txn.get(Table.ROWS, number_value(row)) is not None]
            for row in live:
                txn.put(Table.FEATURES, number_value(row), packed[row])
            return len(live)

        return self._environment.write(work)

    def rows_without_features(self, limit: int) -> list[int]:
        """Up to `limit` rows, ascending, of which no features are kept."""
        missing: list[int] = []
        after, full = self._featured_to, True
        while full and len(missing) < limit:
            with self._environment.read() as txn:
                rows = [
                    read_number(key)
                    for key in islice(txn.keys(Table.ROWS, number_value(after + 1)), KEY_BATCH)
                ]
                missing += [row for row in rows if txn.get(Table.FEATURES, number_value(row)) is None]
            full = len(rows) == KEY_BATCH
            after = rows[-1] if rows else after
            if not missing:
                self._featured_to = after
        return missing[:limit]
