"""Descriptors of keyframes: float16 in the store, float32 outside, read by row number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice, takewhile

import numpy as np

from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    HalfRows,
    filter_matrix,
    generation_key,
    pack_descriptors,
    pack_number,
    pack_refine,
    refine_matrix,
    row_key,
    rows_of_keys,
    to_half,
    unpack_number,
    unpack_row_key,
)
from cbvir_core.store.part import RowNumbersLike, StorePart
from cbvir_core.store.records import Generation
from cbvir_core.types import RowMask, RowNumbers, Rows

SCAN_BATCH_KEYS = 16_384  # keys of one reading transaction: growing the map waits for the longest one

MIN_NOTED_ROWS = 64  # rows, beside those just written, that are looked at for how far all are filled


class DescriptorStore(StorePart):
    """The descriptors of a `Store`.

    They were rounded to float16 when they were stored, so a row's norm is 1 to three digits.
    """

    def filter_rows(self, generation: Generation, rows: RowNumbersLike) -> Rows:
        """Return filter descriptors (N x D, in the order of `rows`); zeros where there is none."""
        return _spread(*self._gather(generation, rows, refine=False))

    def present_filter_rows(self, generation: Generation, rows: RowNumbersLike) -> tuple[Rows, RowMask]:
        """Return the filter descriptors that exist (M x D, in the order of `rows`), and which rows have one.

        Rows that were forgotten, or that the generation lacks, are left out.
        """
        return self._gather(generation, rows, refine=False)

    def refine_rows(self, generation: Generation, rows: RowNumbersLike) -> tuple[Rows, RowMask]:
        """Return refine descriptors (N x D, in the order of `rows`), and which rows have one.

        The others are zeros.
        """
        vectors, present = self._gather(generation, rows, refine=True)
        return _spread(vectors, present), present

    def put_filter(self, generation: Generation, rows: RowNumbersLike, descriptors: Rows) -> int:
        """Write filter descriptors of rows that the generation lacks; return how many were written.

        Rows that were forgotten meanwhile, and those that have one already, are left out.
        """
        values = [pack_descriptors(entry, None) for entry in to_half(descriptors)]

        def work(txn: Transaction) -> int:
            known = tables.stored_generation(txn, generation)
            return _put_filter(txn, known, list(zip(map(int, rows), values, strict=True)))

        return self._environment.write(work)

    def put_refine(self, generation: Generation, rows: RowNumbersLike, descriptors: Rows) -> int:
        """Write refine descriptors of rows that have a filter descriptor; return how many were written."""
        entries = list(zip(map(int, rows), to_half(descriptors), strict=True))

        def work(txn: Transaction) -> int:
            tables.stored_generation(txn, generation)
            written = [_put_refine(txn, row_key(generation.number, row), entry) for row, entry in entries]
            first_ones = sum(done and was_missing for done, was_missing in written)
            tables.add_to_counters(txn, Counter({tables.refine_counter(generation.number): first_ones}))
            return sum(done for done, _ in written)

        return self._environment.write(work)

    def rows_without_refine(self, generation: Generation, limit: int) -> list[int]:
        """Return up to `limit` rows, ascending, whose refine descriptor is still missing."""
        prefix = generation_key(generation.number)
        with self._environment.read() as txn:
            return [
                unpack_row_key(key)[1] for key in islice(txn.keys(Table.UNREFINED, prefix, prefix), limit)
            ]

    def rows_without_filter(self, generation: Generation, limit: int) -> list[int]:
        """Return up to `limit` rows, ascending, that have no descriptor in a generation."""
        with self._environment.read() as txn:
            if _has_all(txn, generation):
                return []
            after = tables.read_counter(txn, tables.filled_counter(generation.number))
        missing: list[int] = []
        full = True
        while full and len(missing) < limit:
            with self._environment.read() as txn:
                keys = islice(txn.keys(Table.ROWS, pack_number(after + 1)), SCAN_BATCH_KEYS)
                rows = [unpack_number(key) for key in keys]
                have = set(_rows_between(txn, generation, rows))
            missing += [row for row in rows if row not in have]
            full = len(rows) == SCAN_BATCH_KEYS
            after = rows[-1] if rows else after
        return missing[:limit]

    def scan_filter(
        self, generation: Generation, after_row: int = 0, batch: int = 1024
    ) -> Iterator[tuple[RowNumbers, Rows]]:
        """Yield all filter descriptors above `after_row`, ascending, as (row numbers, N x D) of `batch` rows.

        No transaction stays open between batches; rows that are added meanwhile are included.
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

    def _gather(self, generation: Generation, rows: RowNumbersLike, *, refine: bool) -> tuple[Rows, RowMask]:
        wanted = np.asarray(rows, dtype=np.int64)
        positions: list[int] = []
        values: list[memoryview] = []
        with self._environment.read() as txn:
            # Ascending keys visit neighbouring pages.
            for position in np.argsort(wanted, kind="stable").tolist():
                key = row_key(generation.number, int(wanted[position]))
                value = tables.read_refine(txn, key) if refine else txn.get(Table.DESCRIPTORS, key)
                if value is not None:
                    positions.append(position)
                    values.append(value)
            vectors = refine_matrix(values) if refine else filter_matrix(values)
        present = np.zeros(len(wanted), dtype=np.bool_)
        present[positions] = True
        return vectors[np.argsort(positions)], present


def _spread(vectors: Rows, present: RowMask) -> Rows:
    """Put M x D vectors in the places of the M rows that are present; the others are zeros."""
    spread = np.zeros((len(present), vectors.shape[1]), dtype=np.float32)
    spread[present] = vectors
    return spread


def _put_filter(txn: Transaction, generation: Generation, entries: list[tuple[int, bytes]]) -> int:
    written: list[int] = []
    for row, value in entries:
        key = row_key(generation.number, row)
        if txn.get(Table.ROWS, pack_number(row)) is None or txn.get(Table.DESCRIPTORS, key) is not None:
            continue
        txn.put(Table.DESCRIPTORS, key, value)
        if generation.refine is not None:
            txn.put(Table.UNREFINED, key, b"")
        written.append(row)
    tables.add_to_counters(txn, Counter({tables.filter_counter(generation.number): len(written)}))
    tables.log_changes(txn, ((generation.number, row) for row in written))
    _note_filled(txn, generation, len(written))
    return len(written)


def _has_all(txn: Transaction, generation: Generation) -> bool:
    """Return whether every row has a descriptor in a generation."""
    filled = tables.read_counter(txn, tables.filter_counter(generation.number))
    return filled == tables.read_counter(txn, tables.KEYFRAME_COUNTER)


def _note_filled(txn: Transaction, generation: Generation, written: int) -> None:
    """Note up to which row every row has a descriptor in a generation, of which some were just written.

    It is filled from below, and new rows are always larger.  So what is missing is not looked for from the
    first row each time.
    """
    name = tables.filled_counter(generation.number)
    known = tables.read_counter(txn, name)
    keys = islice(txn.keys(Table.ROWS, pack_number(known + 1)), 2 * written + MIN_NOTED_ROWS)
    rows = [unpack_number(key) for key in keys]
    have = set(_rows_between(txn, generation, rows))
    filled = [*takewhile(have.__contains__, rows)]
    if filled:
        txn.put(Table.META, name.encode(), pack_number(filled[-1]))


def _put_refine(txn: Transaction, key: bytes, refine_row: HalfRows) -> tuple[bool, bool]:
    """Return whether the descriptor was written, and whether the row had none before."""
    if txn.get(Table.DESCRIPTORS, key) is None:
        return False, False
    txn.put(Table.REFINED, key, pack_refine(refine_row))
    return True, txn.delete(Table.UNREFINED, key)


def _rows_between(txn: Transaction, generation: Generation, rows: list[int]) -> Iterator[int]:
    """Yield the rows that a generation has, from the first of `rows` to the last."""
    if not rows:
        return
    prefix = generation_key(generation.number)
    for key in txn.keys(Table.DESCRIPTORS, row_key(generation.number, rows[0]), prefix):
        if (row := unpack_row_key(key)[1]) > rows[-1]:
            return
        yield row
