"""Whether a file is a video, by its first bytes."""

from __future__ import annotations

HEAD_BYTES = 512

_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of ISO base media files (ISO/IEC 23008-12) that are pictures."""

_MAGICS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"OggS",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"\x00\x00\x01\xba",  # MPEG programme stream
    b"\x00\x00\x01\xb3",  # MPEG video
)

_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47


def is_video(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a video; a GIF is a picture."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return head[8:12] not in _PICTURE_BRANDS
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head.startswith(_MAGICS):
        return True
    return len(head) > _TS_PACKET_BYTES and head[0] == head[_TS_PACKET_BYTES] == _TS_SYNC
