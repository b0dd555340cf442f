"""All entries of a store at one moment, read beside the process that has it open; a store made of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from cbvir_core.errors import StoreDamaged, StoreVersion
from cbvir_core.store.environment import (
    CUT_TABLES,
    DAMAGE_ERRORS,
    MAX_MAP_GROWTH_BYTES,
    MAX_TABLES,
    Environment,
    Table,
    Transaction,
    pieces_name,
)
from cbvir_core.store.file_length import refuse_short_file
from cbvir_core.store.layout import unpack_number
from cbvir_core.store.pieces import read_pieces
from cbvir_core.store.records import load_video
from cbvir_core.store.tables import KEYFRAME_COUNTER
from cbvir_core.store.upgrade import KNOWN_SCHEMAS, SCHEMA_KEY

StoreEntry = tuple[bytes, bytes]
"""A key and its value."""

FILLED_BYTES = 32 << 20
"""Bytes of one transaction while a store is filled."""


class StoreSnapshot:
    """The entries of every table at one moment."""

    def __init__(self, transaction: Any, tables: dict[Table, Any], pieces: dict[Table, Any]) -> None:
        self._transaction, self._tables, self._pieces = transaction, tables, pieces

    def entries(self, table: Table) -> Iterator[StoreEntry]:
        """Yield the entries of a table, by key."""
        if table not in self._tables:
            return
        pieces = self._pieces.get(table)
        with self._transaction.cursor(self._tables[table]) as cursor:
            for key, value in cursor:
                rest = [] if pieces is None else read_pieces(self._transaction, pieces, key)
                yield key, b"".join((value, *rest))

    def is_empty(self, table: Table) -> bool:
        """Return whether a table has no entry."""
        return next(self.entries(table), None) is None

    def meta(self, name: bytes) -> bytes | None:
        """Return what the store notes of itself under a name, or None."""
        value: bytes | None = self._transaction.get(name, db=self._tables[Table.META])
        return value

    def counter(self, name: str) -> int:
        """Return a counter's value; 0 where it was never set."""
        value = self.meta(name.encode())
        return 0 if value is None else unpack_number(value)


@contextmanager
def store_snapshot(folder: Path) -> Iterator[StoreSnapshot]:
    """Yield what the store in `folder` holds at this moment, however long the block lasts.

    Only for a process that has the store not open: another one may, and may write meanwhile.  Pages that it
    frees are used again after the block.  Raises StoreDamaged.
    """
    try:
        # The map must reach as far as the other process writes until the transaction begins.
        map_bytes = (folder / "data.mdb").stat().st_size + MAX_MAP_GROWTH_BYTES
        raw = lmdb.open(
            os.fspath(folder), readonly=True, max_dbs=MAX_TABLES, create=False, map_size=map_bytes
        )
    except (OSError, lmdb.Error) as error:
        raise StoreDamaged(f"the store in {folder} cannot be read ({error})") from error
    with closing(raw):
        refuse_short_file(raw, folder)
        try:
            tables = _databases(raw, {table: table.value.encode() for table in Table})
            pieces = _databases(raw, {table: pieces_name(table) for table in CUT_TABLES})
            with raw.begin() as transaction:
                yield StoreSnapshot(transaction, tables, pieces)
        except DAMAGE_ERRORS as error:
            raise StoreDamaged(f"the store in {folder} cannot be read ({error})") from error


@dataclass(frozen=True, slots=True)
class StoreSummary:
    """What a store holds; `newest_at` is when its newest video was first seen, 0 without videos."""

    videos: int
    keyframes: int
    newest_at: float


def store_summary(folder: Path) -> StoreSummary:
    """Return what a store holds, beside the process that has it open.  Raises StoreDamaged, StoreVersion."""
    with store_snapshot(folder) as snapshot:
        schema = snapshot.meta(SCHEMA_KEY)
        if schema not in KNOWN_SCHEMAS:
            raise StoreVersion("was written by a release that this one does not understand", path=folder)
        times = [load_video(memoryview(value)).added_at for _, value in snapshot.entries(Table.VIDEOS)]
        return StoreSummary(len(times), snapshot.counter(KEYFRAME_COUNTER), max(times, default=0.0))


def fill_store(folder: Path, tables: Iterable[tuple[Table, Iterable[Sequence[StoreEntry]]]]) -> None:
    """Make a store of batches of entries, which come by key.  Raises DiskFull, StoreError."""
    with closing(Environment(folder)) as environment:
        for table, batches in tables:
            gathered: list[StoreEntry] = []
            waiting = 0
            for batch in batches:
                gathered += batch
                waiting += sum(len(key) + len(value) for key, value in batch)
                if waiting >= FILLED_BYTES:
                    _put(environment, table, gathered)
                    gathered, waiting = [], 0
            _put(environment, table, gathered)


def _put(environment: Environment, table: Table, entries: Sequence[StoreEntry]) -> None:
    def work(txn: Transaction) -> None:
        for key, value in entries:
            txn.put(table, key, value)

    environment.write(work)


def _databases(raw: Any, names: Mapping[Table, bytes]) -> dict[Table, Any]:
    """Return the databases of tables that the store has; one of an older version may lack some."""
    found: dict[Table, Any] = {}
    for table, name in names.items():
        with suppress(lmdb.NotFoundError):
            found[table] = raw.open_db(name, create=False)
    return found
