"""Generations of descriptors: which weights made them, and which of them answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from cbvir_core.store import ledger
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import generation_key, number_value, read_row_key
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation, dump_generation

ANSWERING = "answering"
LAST_GENERATION = "last_generation"
DROP_BATCH = 4_096  # rows deleted in one transaction: appending waits for it


@dataclass(frozen=True, slots=True)
class Counts:
    """Live keyframes, and how many of them have a filter and a refine descriptor in a generation."""

    keyframes: int
    filtered: int
    refined: int


class GenerationStore(StorePart):
    """The part of `Store` that knows generations."""

    def generation(self, filter_fingerprint: str, refine_fingerprint: str | None) -> Generation:
        """The generation of these weights, made where there is none.

        Filter descriptors are the dear part of changing weights, so a generation with the same
        filter is used again where that is right: one without refine descriptors takes on the refine
        weights that are asked for, and one with them serves who asks for none.
        """

        def work(txn: Transaction) -> Generation:
            same = [g for g in _answering_first(txn) if g.filter == filter_fingerprint]
            for known in same:
                if refine_fingerprint in (None, known.refine):
                    return known
            for known in same:
                if known.refine is None:
                    return _take_on(txn, known, refine_fingerprint)
            number = ledger.counter(txn, LAST_GENERATION) + 1
            made = Generation(number, filter_fingerprint, refine_fingerprint)
            txn.put(Table.META, LAST_GENERATION.encode(), number_value(number))
            txn.put(Table.GENERATIONS, generation_key(number), dump_generation(made))
            return made

        return self._environment.write(work)

    def generations(self) -> list[Generation]:
        """All generations, oldest first."""
        with self._environment.read() as txn:
            return ledger.generations(txn)

    def answering(self) -> Generation | None:
        """The generation that answers queries; None before the first `set_answering`."""
        with self._environment.read() as txn:
            return _answering(txn)

    def set_answering(self, generation: Generation) -> None:
        """From now on this generation answers.  Raises StoreError where it was dropped."""

        def work(txn: Transaction) -> None:
            ledger.stored_generation(txn, generation)
            txn.put(Table.META, ANSWERING.encode(), number_value(generation.number))

        self._environment.write(work)

    def drop_generation(self, generation: Generation) -> None:
        """Deletes a generation and its descriptors.  Its number is not used again."""

        def work(txn: Transaction) -> None:
            txn.delete(Table.GENERATIONS, generation_key(generation.number))
            for name in (ledger.filter_count, ledger.refine_count):
                txn.delete(Table.META, name(generation.number).encode())
            if ledger.counter(txn, ANSWERING) == generation.number:
                txn.delete(Table.META, ANSWERING.encode())

        self._environment.write(work)
        self._sweep()

    def counts(self, generation: Generation | None = None) -> Counts:
        """Counts for one generation, or for the one that answers; takes no longer with many rows."""
        with self._environment.read() as txn:
            keyframes = ledger.counter(txn, ledger.ROWS_COUNT)
            if (counted := generation or _answering(txn)) is None:
                return Counts(keyframes, 0, 0)
            names = (ledger.filter_count(counted.number), ledger.refine_count(counted.number))
            return Counts(keyframes, *(ledger.counter(txn, name) for name in names))

    def _sweep(self) -> None:
        """Deletes descriptors of generations that are gone, also those that a crash left behind."""
        for table in (Table.DESCRIPTORS, Table.UNREFINED):
            while self._environment.write(partial(_sweep_some, table)):
                pass


def _answering(txn: Transaction) -> Generation | None:
    number = ledger.counter(txn, ANSWERING)
    return next((g for g in ledger.generations(txn) if g.number == number), None)


def _answering_first(txn: Transaction) -> list[Generation]:
    number = ledger.counter(txn, ANSWERING)
    return sorted(ledger.generations(txn), key=lambda g: g.number != number)


def _take_on(txn: Transaction, generation: Generation, refine: str | None) -> Generation:
    """Gives a generation refine weights; all its rows wait for their refine descriptor then."""
    grown = replace(generation, refine=refine)
    prefix = generation_key(generation.number)
    txn.put(Table.GENERATIONS, prefix, dump_generation(grown))
    for key in txn.keys(Table.DESCRIPTORS, prefix, prefix):
        txn.put(Table.UNREFINED, key, b"")
    return grown


def _sweep_some(table: Table, txn: Transaction) -> int:
    known = {g.number for g in ledger.generations(txn)}
    number = 0
    while (key := next(txn.keys(table, generation_key(number)), None)) is not None:
        number, _ = read_row_key(key)
        if number not in known:
            prefix = generation_key(number)
            orphans = list(islice(txn.keys(table, prefix, prefix), DROP_BATCH))
            return sum(txn.delete(table, orphan) for orphan in orphans)
        number += 1
    return 0
