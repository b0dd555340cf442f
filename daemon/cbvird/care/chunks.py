"""Entries of a table in chunks whose ends follow the keys.

So an entry that is added or removed changes a chunk or two, and a backup that is brought up to date writes
those alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from cbvir_core.errors import StoreDamaged
from cbvir_core.store import StoreEntry

MIN_CHUNK_BYTES, MAX_CHUNK_BYTES = 512 << 10, 4 << 20
"""Bytes of a chunk; a single entry may be larger."""

END_SHARE = 8
"""Of the keys of a chunk that is large enough, every eighth one by chance ends it."""

_LENGTHS = struct.Struct(">HI")  # bytes of the key and of the value


def chunks_of(entries: Iterable[StoreEntry]) -> Iterator[bytes]:
    """Yield all entries, packed."""
    packed, size = list[bytes](), 0
    for key, value in entries:
        packed += (_LENGTHS.pack(len(key), len(value)), key, value)
        size += _LENGTHS.size + len(key) + len(value)
        if size >= MAX_CHUNK_BYTES or (size >= MIN_CHUNK_BYTES and zlib.crc32(key) % END_SHARE == 0):
            yield b"".join(packed)
            packed, size = [], 0
    if packed:
        yield b"".join(packed)


def entries_of(chunk: bytes) -> list[StoreEntry]:
    """Return the entries of a chunk.  Raises StoreDamaged."""
    entries, at = list[StoreEntry](), 0
    while at < len(chunk):
        if at + _LENGTHS.size > len(chunk):
            raise StoreDamaged("a chunk of the backup ends in the middle of an entry")
        key_length, value_length = _LENGTHS.unpack_from(chunk, at)
        at += _LENGTHS.size
        end = at + key_length + value_length
        if end > len(chunk):
            raise StoreDamaged("a chunk of the backup ends in the middle of an entry")
        entries.append((chunk[at : at + key_length], chunk[at + key_length : end]))
        at = end
    return entries
