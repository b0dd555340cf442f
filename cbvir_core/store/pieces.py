"""How a large value is cut, so that it fills the pages of the store that it takes.

LMDB gives a value of more than half a page whole pages of its own, and half of the last one stays empty:
2 kB of each still, strip of thumbnails and row of local features.  So whole pages are filled, and what is
left of the value is kept in pieces, which share pages, in a table beside its own.  A value without pieces is
whole, as all are in stores of earlier releases.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

PAGE_HEADER_BYTES = 16
"""LMDB's header of a page, or of a run of pages that hold one value."""

NODE_BYTES = 40
"""The most that LMDB keeps beside a value on a page that several share: its header, place and key."""

PIECES_OF_PAGE = 3
"""Pieces that fit a page at least.  More of them would fill pages better, and take longer to read."""

MIN_SAVED_BYTES = 256
"""A value is left whole where cutting it saves less than this of a page."""


def cut(value: bytes, page_bytes: int) -> tuple[bytes, list[bytes]]:
    """Return what stays of a value in its own table, and the pieces; together they are the value."""
    room = page_bytes - PAGE_HEADER_BYTES
    if len(value) <= room // 2 - NODE_BYTES:
        return value, []
    filled = max(0, (len(value) + PAGE_HEADER_BYTES) // page_bytes * page_bytes - PAGE_HEADER_BYTES)
    rest = len(value) - filled
    if not 0 < rest <= room - MIN_SAVED_BYTES:
        return value, []
    count = -(-rest // (room // PIECES_OF_PAGE - NODE_BYTES))
    ends = [filled + rest * number // count for number in range(count + 1)]
    pieces = [value[start:end] for start, end in pairwise(ends)]
    return (value[:filled], pieces) if filled else (pieces[0], pieces[1:])


def read_pieces(transaction: Any, table: Any, key: bytes) -> list[bytes]:
    """Return the pieces of the value of a key, in their order; none where it is whole."""
    with transaction.cursor(table) as cursor:
        if not cursor.set_range(key):
            return []
        pieces = list[bytes]()
        for piece_key, piece in cursor:
            if bytes(piece_key[:-1]) != key:
                break
            pieces.append(bytes(piece))
        return pieces


def put_pieces(transaction: Any, table: Any, key: bytes, pieces: list[bytes]) -> None:
    """Write the pieces of a value in place of those that its key has."""
    delete_pieces(transaction, table, key)
    for number, piece in enumerate(pieces):
        put_last(transaction, table, key + bytes([number]), piece)


def delete_pieces(transaction: Any, table: Any, key: bytes) -> None:
    """Delete the pieces of the value of a key."""
    number = 0
    while transaction.delete(key + bytes([number]), db=table):
        number += 1


def put_last(transaction: Any, table: Any, key: bytes, value: bytes) -> None:
    """Write a value; after the last key it splits no page, since that would leave part of a page empty."""
    if not transaction.put(key, value, db=table, append=True):
        transaction.put(key, value, db=table)
