"""The stream of a backup, from the service to the client: chunks of parts of the library, and a manifest.

A chunk is sent whole, or by its digest alone where the client has it already.  The manifest ends the stream;
a stream without one was cut off.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

BACKUP_FORMAT = 1
"""The version of the stream and of the file that keeps it."""

DIGEST_BYTES = 32

_HEADER = struct.Struct(f">BH{DIGEST_BYTES}sI")  # kind, length of the part's name, digest, length of the rest
_WHOLE, _KNOWN, _MANIFEST = 1, 2, 3
_MAX_RECORD_BYTES = 256 << 20

Read = Callable[[int], bytes]
"""Returns so many bytes, fewer only at the end of the stream."""


class BackupCutOff(Exception):
    """The stream ended before its manifest, or is none."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a part; `data` is None where only its digest was sent."""

    part: str
    digest: bytes
    data: bytes | None


def digest_of(data: bytes) -> bytes:
    """Return the digest by which a chunk is known."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def chunk_record(part: str, digest: bytes, data: bytes | None) -> bytes:
    """Return the bytes of a chunk in the stream."""
    name = part.encode()
    kind = _KNOWN if data is None else _WHOLE
    return _HEADER.pack(kind, len(name), digest, len(data or b"")) + name + (data or b"")


def manifest_record(manifest: dict[str, Any]) -> bytes:
    """Return the bytes of the manifest, the last ones of the stream."""
    text = json.dumps(manifest).encode()
    return _HEADER.pack(_MANIFEST, 0, digest_of(text), len(text)) + text


def read_backup(read: Read) -> Iterator[Chunk | dict[str, Any]]:
    """Yield the chunks of a stream, and at its end the manifest.

    Raises BackupCutOff where the stream ends too early, and where bytes are others than were sent.
    """
    while True:
        header = read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise BackupCutOff("the backup ended before it was complete")
        kind, name_length, digest, length = _HEADER.unpack(header)
        if kind not in (_WHOLE, _KNOWN, _MANIFEST) or length > _MAX_RECORD_BYTES:
            raise BackupCutOff("what came is no backup")
        part, data = read(name_length), read(length)
        if len(part) < name_length or len(data) < length:
            raise BackupCutOff("the backup ended before it was complete")
        if kind != _KNOWN and digest_of(data) != digest:
            raise BackupCutOff("bytes of the backup changed on the way")
        try:
            name, manifest = part.decode(), json.loads(data) if kind == _MANIFEST else None
        except (ValueError, RecursionError) as error:
            raise BackupCutOff("what came is no backup") from error
        if manifest is not None:
            yield manifest
            return
        yield Chunk(name, digest, data if kind == _WHOLE else None)
