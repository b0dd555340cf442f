"""Local features of stills, as bytes that only `cbvir_core.verify` reads.

They depend on the still and not on any weights, so they are computed once.  Rows without them are kept as a
list: a query computes those that it needs, and the backfill the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_number, unpack_number
from cbvir_core.store.part import RowNumbersLike, StorePart


class FeatureStore(StorePart):
    """The local features of a `Store`."""

    def features(self, rows: RowNumbersLike) -> list[bytes | None]:
        """Return the stored features of `rows`, in that order; None where a row has none or was forgotten."""
        with self._environment.read() as txn:
            values = [txn.get(Table.FEATURES, pack_number(int(row))) for row in rows]
            return [None if value is None else bytes(value) for value in values]

    def put_features(self, packed: Mapping[int, bytes]) -> int:
        """Store features of rows; return how many.  Rows that were forgotten meanwhile are left out."""

        def work(txn: Transaction) -> int:
            live = [row for row in packed if txn.get(Table.ROWS, pack_number(row)) is not None]
            for row in live:
                txn.put(Table.FEATURES, pack_number(row), packed[row])
                txn.delete(Table.UNFEATURED, pack_number(row))
            return len(live)

        return self._environment.write(work)

    def rows_without_features(self, limit: int) -> list[int]:
        """Return up to `limit` rows, ascending, that have no features."""
        with self._environment.read() as txn:
            return [unpack_number(key) for key in islice(txn.keys(Table.UNFEATURED, b"\0"), limit)]
