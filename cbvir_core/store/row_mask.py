"""Which rows are searchable, a bit each: an index of a million rows asks for all of them when it is opened.

The bits lie in chunks of consecutive rows, so that a chunk is one value of the store.  A row is searchable
where it is stored and not blank.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_number
from cbvir_core.types import RowMask, RowNumbers

CHUNK_ROWS = 8192
"""Rows of a chunk, of a kilobyte: the least that fits no second time into a page of LMDB."""


def mark_searchable(txn: Transaction, rows: Iterable[int], searchable: bool) -> None:
    """Note of rows that they are searchable, or that they are not."""
    numbers = np.fromiter(rows, np.int64)
    for chunk in np.unique(numbers // CHUNK_ROWS).tolist():
        bits = _bits(txn, chunk)
        bits[numbers[numbers // CHUNK_ROWS == chunk] % CHUNK_ROWS] = searchable
        txn.put(Table.SEARCHABLE, pack_number(chunk), np.packbits(bits).tobytes())


def read_searchable(txn: Transaction, rows: RowNumbers) -> RowMask:
    """Return which of `rows` are searchable."""
    chunks, places = np.unique(rows // CHUNK_ROWS, return_inverse=True)
    if not len(chunks):
        return np.zeros(0, np.bool_)
    bits = np.stack([_bits(txn, chunk) for chunk in chunks.tolist()])
    mask: RowMask = bits[places, rows % CHUNK_ROWS]
    return mask


def _bits(txn: Transaction, chunk: int) -> npt.NDArray[np.bool_]:
    value = txn.get(Table.SEARCHABLE, pack_number(chunk)) if chunk >= 0 else None
    if value is None:
        return np.zeros(CHUNK_ROWS, np.bool_)
    return np.unpackbits(np.frombuffer(value, np.uint8)).astype(np.bool_)
