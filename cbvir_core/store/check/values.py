"""Checks of what is kept of each row: that it can be read, and that its row is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.errors import NotAPicture, StoreDamaged
from cbvir_core.store import tables
from cbvir_core.store.check.faults import StoreFault, as_rows, differing
from cbvir_core.store.check.links import KnownRows
from cbvir_core.store.environment import Table
from cbvir_core.store.generations import LAST_GENERATION_COUNTER
from cbvir_core.store.layout import (
    filter_matrix,
    refine_matrix,
    refine_part,
    unpack_frame_codes,
    unpack_number,
    unpack_row_key,
    unpack_thumbnails,
)
from cbvir_core.store.records import Generation, load_generation
from cbvir_core.store.snapshot import StoreSnapshot
from cbvir_core.types import RowNumbers
from cbvir_core.verify import unpack

ValueCheck = Callable[[StoreSnapshot, KnownRows], Iterator[StoreFault]]

READ_ERRORS = (StoreDamaged, NotAPicture)


def _values(table: Table, read: Callable[[bytes], object], *, of_all: bool = False) -> ValueCheck:
    """Return a check of a table with a value for rows; `of_all` rows, unless the table is empty."""

    def check(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
        rows = list[int]()
        for key, value in snapshot.entries(table):
            rows.append(unpack_number(key))
            try:
                read(value)
            except READ_ERRORS as error:
                yield StoreFault(table, f"row {rows[-1]}: {error}")
        expected = known.numbers if of_all and rows else np.intersect1d(as_rows(rows), known.numbers)
        yield from differing(table, rows, expected, "its keyframe is known")

    return check


def _descriptors(snapshot: StoreSnapshot, known: KnownRows) -> Iterator[StoreFault]:
    """Yield what is wrong with descriptors, the counters of each generation and the lists of missing ones."""
    generations = dict[int, Generation]()
    for _, value in snapshot.entries(Table.GENERATIONS):
        generation = load_generation(memoryview(value))
        generations[generation.number] = generation
    have: dict[int, list[int]] = {number: [] for number in generations}
    refined: dict[int, list[int]] = {number: [] for number in generations}
    widths: dict[int, int] = {}
    last = snapshot.counter(LAST_GENERATION_COUNTER)
    for key, value in snapshot.entries(Table.DESCRIPTORS):
        number, row = unpack_row_key(key)
        if number not in generations:
            if number > last:  # else it was dropped, and a kill left rows that the next opening sweeps
                said = f"row {row} is of generation {number}, which is not known"
                yield StoreFault(Table.DESCRIPTORS, said)
            continue
        have[number].append(row)
        try:
            width = filter_matrix([memoryview(value)]).shape[1]
            if refine_part(memoryview(value)) is not None:
                refined[number].append(row)
        except StoreDamaged as error:
            yield StoreFault(Table.DESCRIPTORS, f"row {row}: {error}")
            continue
        if widths.setdefault(number, width) != width:
            yield StoreFault(Table.DESCRIPTORS, f"row {row} has {width} numbers, not {widths[number]}")
    for key, value in snapshot.entries(Table.REFINED):
        number, row = unpack_row_key(key)
        if number in generations:
            refined[number].append(row)
        try:
            refine_matrix([memoryview(value)])
        except StoreDamaged as error:
            yield StoreFault(Table.REFINED, f"row {row}: {error}")
    for number, generation in generations.items():
        yield from _generation(snapshot, known, generation, as_rows(have[number]), as_rows(refined[number]))


def _generation(
    snapshot: StoreSnapshot, known: KnownRows, generation: Generation, have: RowNumbers, refined: RowNumbers
) -> Iterator[StoreFault]:
    number = generation.number
    present = np.intersect1d(have, known.numbers)
    yield from differing(Table.DESCRIPTORS, have.tolist(), present, "its keyframe is known")
    counted = snapshot.counter(tables.filter_counter(number))
    if counted != len(have):
        yield StoreFault(
            Table.META, f"{counted} rows of generation {number} are counted, {len(have)} are there"
        )
    if generation.refine is None:
        return
    counted = snapshot.counter(tables.refine_counter(number))
    if counted != len(refined):
        said = f"{counted} SOLAR rows of generation {number} are counted, {len(refined)} are there"
        yield StoreFault(Table.META, said)
    pairs = (unpack_row_key(key) for key, _ in snapshot.entries(Table.UNREFINED))
    listed = [row for one, row in pairs if one == number]
    if listed or not snapshot.is_empty(Table.STILLS):
        missing = np.setdiff1d(have, refined)
        yield from differing(Table.UNREFINED, listed, missing, f"it has no SOLAR row in generation {number}")


VALUE_CHECKS: Mapping[Table, ValueCheck] = {
    Table.STILLS: _values(Table.STILLS, decode_still, of_all=True),
    Table.THUMBNAILS: _values(Table.THUMBNAILS, lambda value: unpack_thumbnails(memoryview(value))),
    Table.FEATURES: _values(Table.FEATURES, unpack),
    Table.FRAMES: _values(Table.FRAMES, lambda value: unpack_frame_codes(memoryview(value))),
    Table.DESCRIPTORS: _descriptors,
}
"""The checks by the table whose values they read."""
