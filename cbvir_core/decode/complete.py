"""The check whether a file has all the bytes that its container announces."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cbvir_core.decode.identity import regular_size, unreadable
from cbvir_core.errors import NotAVideo

ISO_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"})
"""Kinds of box that an MP4 or QuickTime file may begin with."""

EBML_MAGIC = b"\x1a\x45\xdf\xa3"
MATROSKA_SEGMENT_ID = b"\x18\x53\x80\x67"


def container_complete(path: str | Path) -> bool | None:
    """Return whether every part that the container announces is in the file; None where it announces nothing.

    MP4 and QuickTime: the index (`moov`) and the media are there and no box reaches beyond the end.
    Matroska, WebM: the segment's announced length.  AVI: the announced length of the RIFF chunk.
    None for other formats, and for files that are written piece by piece with no end mark (fragmented MP4,
    live Matroska): of these only the absence of further writes shows that they are finished.

    Raises what `fingerprint` raises for a file that cannot be read; an empty file is not complete.
    """
    file_path = Path(path)
    try:
        size = regular_size(file_path)
    except NotAVideo:
        if file_path.is_file():  # an empty one
            return False
        raise
    try:
        with file_path.open("rb") as file:
            return _complete(file, size)
    except OSError as error:
        raise unreadable(file_path, error) from error


def _complete(file: BinaryIO, size: int) -> bool | None:
    head = file.read(12)
    if head[4:8] in ISO_FIRST_BOXES:
        return _iso_complete(file, size)
    if head[:4] == EBML_MAGIC:
        return _matroska_complete(file, size)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        announced = int(struct.unpack("<I", head[4:8])[0])
        return None if announced == 0 else size >= announced + 8
    return None


def _iso_complete(file: BinaryIO, size: int) -> bool | None:
    seen: set[bytes] = set()
    for kind, end in _iso_boxes(file, size):
        if end > size:
            return False
        seen.add(kind)
    if b"moof" in seen:
        return True if b"mfra" in seen else None
    return {b"moov", b"mdat"} <= seen


def _iso_boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield kind and end offset of each top-level box; a length of 0 means 'to the end of the file'.

    The walk ends at bytes that cannot be a box (padding behind the last one).
    """
    offset = 0
    while offset + 8 <= size:
        file.seek(offset)
        head = file.read(16).ljust(16, b"\0")
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1:
            length = struct.unpack(">Q", head[8:16])[0]
        elif length == 0 and kind.strip(b"\0"):
            length = size - offset
        if length < 8:
            return
        offset += length
        yield kind, offset


def _matroska_complete(file: BinaryIO, size: int) -> bool | None:
    file.seek(4)
    header = _ebml_length(file)
    if header is None:
        return None
    file.seek(header, 1)
    if file.read(4) != MATROSKA_SEGMENT_ID:
        return False if file.tell() >= size else None
    segment = _ebml_length(file)
    return None if segment is None else file.tell() + segment <= size


def _ebml_length(file: BinaryIO) -> int | None:
    """Return the variable-length integer at the file's position; None for 'unknown' (all ones) or none."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    mask = (1 << (7 * width)) - 1
    value = int.from_bytes(first + file.read(width - 1)) & mask
    return None if value == mask else value
