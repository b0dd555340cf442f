"""Stores of earlier releases: what they lack is made when they are opened, once.

Schema 2 keeps lists that releases before found by reading every row: rows without local features, rows that
are searchable, and videos that are incomplete, partial or at no path.  Schema 3 keeps paths in the order of
their parts, where schema 2 kept digests of them, and how many videos each folder holds.  Schema 4 keeps large
values in pieces (`cbvir_core.store.pieces`); those that an earlier release wrote stay whole.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

from cbvir_core.store import tables
from cbvir_core.store.environment import Environment, Table, Transaction
from cbvir_core.store.layout import STORE_SCHEMA, pack_number, packed_quality, unpack_number
from cbvir_core.store.path_tables import list_all_paths
from cbvir_core.store.records import load_video
from cbvir_core.store.row_mask import CHUNK_ROWS, mark_searchable

SCHEMA_KEY = b"schema"
FIRST_SCHEMA = b"1"
LISTS_SCHEMA = b"2"
PATHS_SCHEMA = b"3"
KNOWN_SCHEMAS = (FIRST_SCHEMA, LISTS_SCHEMA, PATHS_SCHEMA, STORE_SCHEMA.encode())
"""Schemas of stores that this release opens; one of an earlier release has the newest then."""

UPGRADE_BATCH_ROWS = CHUNK_ROWS
"""Rows that one transaction goes through.  One that is cut short is made again by the next opening."""


def upgrade(environment: Environment, schema: bytes) -> None:
    """Make what a store of an earlier schema lacks; takes seconds for a million rows or 100,000 videos.

    A store whose upgrade is interrupted has its own schema still, and is upgraded from there.
    """
    if schema == FIRST_SCHEMA:
        after: int | None = 0
        while after is not None:
            after = environment.write(partial(_list_some, after))
        environment.write(_list_videos)
        schema = LISTS_SCHEMA
    if schema == LISTS_SCHEMA:
        environment.write(_list_paths)
        schema = PATHS_SCHEMA
    if schema == PATHS_SCHEMA:
        environment.write(lambda txn: txn.put(Table.META, SCHEMA_KEY, STORE_SCHEMA.encode()))


def _list_some(after: int, txn: Transaction) -> int | None:
    """Put a batch of rows on the lists; return its last row, None at the end."""
    entries = list(islice(txn.scan(Table.ROWS, pack_number(after + 1)), UPGRADE_BATCH_ROWS))
    qualities = {unpack_number(key): packed_quality(value) for key, value in entries}
    mark_searchable(txn, (row for row, quality in qualities.items() if quality > 0), searchable=True)
    for row in qualities:
        if txn.get(Table.FEATURES, pack_number(row)) is None:
            txn.put(Table.UNFEATURED, pack_number(row), b"")
    return max(qualities, default=None)


def _list_videos(txn: Transaction) -> None:
    for record in [load_video(value) for _, value in txn.scan(Table.VIDEOS, b"\0")]:
        tables.list_video(txn, record)
    txn.put(Table.META, SCHEMA_KEY, LISTS_SCHEMA)


def _list_paths(txn: Transaction) -> None:
    """Make the tables of paths in one transaction: no store has paths in two forms."""
    list_all_paths(txn)
    txn.put(Table.META, SCHEMA_KEY, PATHS_SCHEMA)
