"""Descriptors: float16 in the store, float32 outside, gathered by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from cbvir_core.store import ledger
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    Half,
    filter_matrix,
    generation_key,
    half,
    has_refine,
    number_value,
    pack_descriptors,
    read_number,
    read_row_key,
    refine_matrix,
    row_key,
    rows_of_keys,
    with_refine,
)
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation
from cbvir_core.types import Rows

RowNumbers = Sequence[int] | npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

KEY_BATCH = 16_384  # keys of one reading transaction: growing the map waits for the longest one


class DescriptorStore(StorePart):
    """The part of `Store` that knows descriptors.

    What comes back was rounded to float16 on the way in, so a row's norm is 1 to three digits.
    """

    def filter_rows(self, generation: Generation, rows: RowNumbers) -> Rows:
        """Filter descriptors (N x D, in the order of `rows`); zero where there is none."""
        return _spread(*self._gather(generation, rows, refine=False))

    def present_filter_rows(self, generation: Generation, rows: RowNumbers) -> tuple[Rows, Mask]:
        """The filter descriptors that there are (M x D, in the order of `rows`), and of which rows.

        Rows that were forgotten, or that the generation does not have, are left out.
        """
        return self._gather(generation, rows, refine=False)

    def refine_rows(self, generation: Generation, rows: RowNumbers) -> tuple[Rows, Mask]:
        """Refine descriptors (N x D, in the order of `rows`, zero where absent), and which are there."""
        vectors, present = self._gather(generation, rows, refine=True)
        return _spread(vectors, present), present

    def put_filter(self, generation: Generation, rows: RowNumbers, descriptors: Rows) -> int:
        """Writes filter descriptors of rows that the generation lacks; says how many.

        Rows that were forgotten meanwhile, and those that it has, are left out.
        """
        values = [pack_descriptors(entry, None) for entry in half(descriptors)]

        def work(txn: Transaction) -> int:
            known = ledger.stored_generation(txn, generation)
            return _put_filter(txn, known, list(zip(map(int, rows), values, strict=True)))

        return self._environment.write(work)

    def put_refine(self, generation: Generation, rows: RowNumbers, descriptors: Rows) -> int:
        """Writes refine descriptors of rows that have a filter descriptor; says how many."""
        entries = list(zip(map(int, rows), half(descriptors), strict=True))

        def work(txn: Transaction) -> int:
            ledger.stored_generation(txn, generation)
            written = [_put_refine(txn, row_key(generation.number, row), entry) for row, entry in entries]
            fresh = sum(done and was_waiting for done, was_waiting in written)
            ledger.count(txn, Counter({ledger.refine_count(generation.number): fresh}))
            return sum(done for done, _ in written)

        return self._environment.write(work)

    def rows_without_refine(self, generation: Generation, limit: int) -> list[int]:
        """Up to `limit` rows, ascending, whose refine descriptor is still to come."""
        prefix = generation_key(generation.number)
        with self._environment.read() as txn:
            return [read_row_key(key)[1] for key in islice(txn.keys(Table.UNREFINED, prefix, prefix), limit)]

    def rows_without_filter(self, generation: Generation, limit: int) -> list[int]:
        """Up to `limit` rows, ascending, that a generation has no descriptor of."""
        missing: list[int] = []
        after, full = self._filled_to.get(generation.number, 0), True
        while full and len(missing) < limit:
            with self._environment.read() as txn:
                keys = islice(txn.keys(Table.ROWS, number_value(after + 1)), KEY_BATCH)
                rows = [read_number(key) for key in keys]
                have = set(_rows_between(txn, generation, rows))
            missing += [row for row in rows if row not in have]
            full = len(rows) == KEY_BATCH
            after = rows[-1] if rows else after
            if not missing:
                self._filled_to[generation.number] = after
        return missing[:limit]

    def scan_filter(
        self, generation: Generation, after_row: int = 0, batch: int = 1024
    ) -> Iterator[tuple[npt.NDArray[np.int64], Rows]]:
        """All filter descriptors above `after_row`, ascending, as (row numbers, N x D) of `batch` rows.

        No transaction stays open between batches; rows that are added meanwhile come too.
        """
        prefix = generation_key(generation.number)
        while True:
            start = row_key(generation.number, after_row + 1)
            with self._environment.read() as txn:
                keys, values = [], []
                for key, value in islice(txn.scan(Table.DESCRIPTORS, start, prefix), batch):
                    keys.append(key)
                    values.append(value)
                vectors = filter_matrix(values)
            if not keys:
                return
            numbers = rows_of_keys(keys)
            after_row = int(numbers[-1])
            yield numbers, vectors

    def _gather(self, generation: Generation, rows: RowNumbers, *, refine: bool) -> tuple[Rows, Mask]:
        wanted = np.asarray(rows, dtype=np.int64)
        places: list[int] = []
        values: list[memoryview] = []
        with self._environment.read() as txn:
            # Ascending keys visit neighbouring pages.
            for place in np.argsort(wanted, kind="stable").tolist():
                value = txn.get(Table.DESCRIPTORS, row_key(generation.number, int(wanted[place])))
                if value is not None and (not refine or has_refine(value)):
                    places.append(place)
                    values.append(value)
            vectors = refine_matrix(values) if refine else filter_matrix(values)
        present = np.zeros(len(wanted), dtype=np.bool_)
        present[places] = True
        return vectors[np.argsort(places)], present


def _spread(vectors: Rows, present: Mask) -> Rows:
    spread = np.zeros((len(present), vectors.shape[1]), dtype=np.float32)
    spread[present] = vectors
    return spread


def _put_filter(txn: Transaction, generation: Generation, entries: list[tuple[int, bytes]]) -> int:
    written: list[int] = []
    for row, value in entries:
        key = row_key(generation.number, row)
        if txn.get(Table.ROWS, number_value(row)) is None or txn.get(Table.DESCRIPTORS, key) is not None:
            continue
        txn.put(Table.DESCRIPTORS, key, value)
        if generation.refine is not None:
            txn.put(Table.UNREFINED, key, b"")
        written.append(row)
    ledger.count(txn, Counter({ledger.filter_count(generation.number): len(written)}))
    ledger.log(txn, ((generation.number, row) for row in written))
    return len(written)


def _put_refine(txn: Transaction, key: bytes, refine_row: Half) -> tuple[bool, bool]:
    """Whether the row took it, and whether it was waiting for it."""
    value = txn.get(Table.DESCRIPTORS, key)
    if value is None:
        return False, False
    txn.put(Table.DESCRIPTORS, key, with_refine(value, refine_row))
    return True, txn.delete(Table.UNREFINED, key)


def _rows_between(txn: Transaction, generation: Generation, rows: list[int]) -> Iterator[int]:
    """The rows that a generation has, from the first of `rows` to the last."""
    if not rows:
        return
    prefix = generation_key(generation.number)
    for key in txn.keys(Table.DESCRIPTORS, row_key(generation.number, rows[0]), prefix):
        if (row := read_row_key(key)[1]) > rows[-1]:
            return
        yield row
