"""Generations of descriptors: which weights made them, and which of them answers queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import generation_key, pack_number, unpack_row_key
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation, dump_generation

ANSWERING_KEY = "answering"  # the number of the answering generation; read as a counter
LAST_GENERATION_COUNTER = "last_generation"
SWEEP_BATCH_KEYS = 4_096  # rows deleted in one transaction: appending waits for it


@dataclass(frozen=True, slots=True)
class DescriptorCounts:
    """Numbers of live keyframes, and of those with a filter and a refine descriptor in a generation."""

    keyframes: int
    filtered: int
    refined: int


class GenerationStore(StorePart):
    """The generations of a `Store`."""

    def generation(self, filter_fingerprint: str, refine_fingerprint: str | None) -> Generation:
        """Return the generation of these weights, made where there is none.

        Filter descriptors are the expensive part of a change of weights, so a generation with the same
        filter is used again where possible.  One without refine weights gets the wanted ones; one with
        refine weights is also returned where none are wanted.
        """

        def work(txn: Transaction) -> Generation:
            same_filter = [g for g in _answering_first(txn) if g.filter == filter_fingerprint]
            for known in same_filter:
                if refine_fingerprint in (None, known.refine):
                    return known
            for known in same_filter:
                if known.refine is None:
                    return _add_refine(txn, known, refine_fingerprint)
            number = tables.read_counter(txn, LAST_GENERATION_COUNTER) + 1
            made = Generation(number, filter_fingerprint, refine_fingerprint)
            txn.put(Table.META, LAST_GENERATION_COUNTER.encode(), pack_number(number))
            txn.put(Table.GENERATIONS, generation_key(number), dump_generation(made))
            return made

        return self._environment.write(work)

    def generations(self) -> list[Generation]:
        """Return all generations, oldest first."""
        with self._environment.read() as txn:
            return tables.read_generations(txn)

    def answering(self) -> Generation | None:
        """Return the generation that answers queries; None before the first `set_answering`."""
        with self._environment.read() as txn:
            return _answering(txn)

    def set_answering(self, generation: Generation) -> None:
        """Let this generation answer queries from now on.  Raises StoreError where it was dropped."""

        def work(txn: Transaction) -> None:
            tables.stored_generation(txn, generation)
            txn.put(Table.META, ANSWERING_KEY.encode(), pack_number(generation.number))

        self._environment.write(work)

    def drop_generation(self, generation: Generation) -> None:
        """Delete a generation and its descriptors.  Its number is not used again."""

        def work(txn: Transaction) -> None:
            txn.delete(Table.GENERATIONS, generation_key(generation.number))
            for name in (tables.filter_counter, tables.refine_counter, tables.filled_counter):
                txn.delete(Table.META, name(generation.number).encode())
            if tables.read_counter(txn, ANSWERING_KEY) == generation.number:
                txn.delete(Table.META, ANSWERING_KEY.encode())

        self._environment.write(work)
        self._sweep()

    def counts(self, generation: Generation | None = None) -> DescriptorCounts:
        """Return counts for one generation, by default the answering one; takes no longer with many rows."""
        with self._environment.read() as txn:
            keyframes = tables.read_counter(txn, tables.KEYFRAME_COUNTER)
            if (counted := generation or _answering(txn)) is None:
                return DescriptorCounts(keyframes, 0, 0)
            names = (tables.filter_counter(counted.number), tables.refine_counter(counted.number))
            return DescriptorCounts(keyframes, *(tables.read_counter(txn, name) for name in names))

    def _sweep(self) -> None:
        """Delete descriptors of generations that were dropped, also those that a crash left behind."""
        for table in (Table.DESCRIPTORS, Table.REFINED, Table.UNREFINED):
            while self._environment.write(partial(_sweep_some, table)):
                pass


def _answering(txn: Transaction) -> Generation | None:
    number = tables.read_counter(txn, ANSWERING_KEY)
    return next((g for g in tables.read_generations(txn) if g.number == number), None)


def _answering_first(txn: Transaction) -> list[Generation]:
    number = tables.read_counter(txn, ANSWERING_KEY)
    return sorted(tables.read_generations(txn), key=lambda g: g.number != number)


def _add_refine(txn: Transaction, generation: Generation, refine: str | None) -> Generation:
    """Give a generation refine weights; the refine descriptors of all its rows are then missing."""
    extended = replace(generation, refine=refine)
    prefix = generation_key(generation.number)
    txn.put(Table.GENERATIONS, prefix, dump_generation(extended))
    for key in txn.keys(Table.DESCRIPTORS, prefix, prefix):
        txn.put(Table.UNREFINED, key, b"")
    return extended


def _sweep_some(table: Table, txn: Transaction) -> int:
    """Delete a batch of the rows of one dropped generation; return how many, 0 when none is left."""
    known = {g.number for g in tables.read_generations(txn)}
    number = 0
    while (key := next(txn.keys(table, generation_key(number)), None)) is not None:
        number, _ = unpack_row_key(key)
        if number not in known:
            prefix = generation_key(number)
            orphans = list(islice(txn.keys(table, prefix, prefix), SWEEP_BATCH_KEYS))
            return sum(txn.delete(table, orphan) for orphan in orphans)
        number += 1
    return 0
