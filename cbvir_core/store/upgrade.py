"""Stores of earlier releases: what they lack is made when they are opened, once.

Schema 2 keeps lists that releases before found by reading every row: rows without local features, rows that
are searchable, and videos that are incomplete, partial or at no path.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

from cbvir_core.store import tables
from cbvir_core.store.environment import Environment, Table, Transaction
from cbvir_core.store.layout import pack_number, packed_quality, unpack_number
from cbvir_core.store.records import load_video
from cbvir_core.store.row_mask import CHUNK_ROWS, mark_searchable

SCHEMA_KEY = b"schema"
FIRST_SCHEMA = b"1"

UPGRADE_BATCH_ROWS = CHUNK_ROWS
"""Rows that one transaction goes through.  One that is cut short is made again by the next opening."""


def upgrade(environment: Environment, schema: bytes) -> None:
    """Make the lists of schema 2 in a store of schema 1; takes seconds for a million rows."""
    after: int | None = 0
    while after is not None:
        after = environment.write(partial(_list_some, after))
    environment.write(partial(_list_videos, schema))


def _list_some(after: int, txn: Transaction) -> int | None:
    """Put a batch of rows on the lists; return its last row, None at the end."""
    entries = list(islice(txn.scan(Table.ROWS, pack_number(after + 1)), UPGRADE_BATCH_ROWS))
    qualities = {unpack_number(key): packed_quality(value) for key, value in entries}
    mark_searchable(txn, (row for row, quality in qualities.items() if quality > 0), searchable=True)
    for row in qualities:
        if txn.get(Table.FEATURES, pack_number(row)) is None:
            txn.put(Table.UNFEATURED, pack_number(row), b"")
    return max(qualities, default=None)


def _list_videos(schema: bytes, txn: Transaction) -> None:
    for record in [load_video(value) for _, value in txn.scan(Table.VIDEOS, b"\0")]:
        tables.list_video(txn, record)
    txn.put(Table.META, SCHEMA_KEY, schema)
