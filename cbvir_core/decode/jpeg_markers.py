"""What the markers of a JPEG tell before anything is decoded: its size, its scans, and how much is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

JPEG_START = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"

MAX_JPEG_SEGMENTS = 10_000
"""A profile of 64 MB, the most that can be sent, takes a tenth of them; a scan brings two or three."""

FRAME_HEADERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""SOF0 to SOF15 (ITU T.81, table B.1)."""

END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA

# Everything but stuffed bytes, fill bytes and restarts; what libjpeg skips is skipped likewise.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd8\x01]")


@dataclass(frozen=True)
class JpegMarkers:
    """Size in pixels, scans, bytes of all coefficients, and the bytes up to the last whole segment.

    `usable_bytes` ends within the data of a scan where the file is cut there.  `complete` says whether the
    end of the picture was seen, `interleaved` whether the first scan holds all colours.
    """

    width: int
    height: int
    scans: int
    coefficient_bytes: int
    usable_bytes: int
    complete: bool
    interleaved: bool

    @property
    def buffered(self) -> bool:
        """Whether a decoder has to hold all coefficients before it can give a pixel."""
        return self.scans > 1 or not self.interleaved

    @property
    def scanned_pixels(self) -> int:
        """Pixels that a decoder visits, once for each scan."""
        return self.width * self.height * self.scans


def read_markers(data: bytes) -> JpegMarkers | None:
    """Return what the markers of a JPEG tell; None where it has no scan, or more than `MAX_JPEG_SEGMENTS`.

    The walk takes the steps that libjpeg takes, so that neither a thumbnail in a segment nor what follows
    the picture is counted.
    """
    frame = b""
    scans = components = 0
    usable = len(data)
    complete = False
    for number, (marker, start, end) in enumerate(_segments(data)):
        if number >= MAX_JPEG_SEGMENTS:
            return None
        if marker == END_OF_IMAGE:
            complete = True
        elif end > len(data):
            usable = start
        elif marker == START_OF_SCAN:
            components = components or data[start + 4]
            scans += 1
        elif marker in FRAME_HEADERS and not frame:
            frame = data[start + 4 : end]
    if not scans or len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        return None
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    held = _coefficient_bytes(width, height, frame)
    return JpegMarkers(width, height, scans, held, usable, complete, components == frame[5])


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, first byte and end of each segment up to the end marker; the last may end after the data.

    What follows the header of a scan is passed over, up to the next marker.
    """
    position = 2
    while found := _MARKER.search(data, position):
        start, marker = found.start(), data[found.start() + 1]
        position = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        yield marker, start, max(position, start + 5)
        if marker == END_OF_IMAGE or not start + 4 <= position <= len(data):
            return


def _coefficient_bytes(width: int, height: int, frame: bytes) -> int:
    """Return the bytes of all coefficients, two each, of the colours as they are subsampled."""
    factors = [(code >> 4, code & 15) for code in frame[7 : 6 + 3 * frame[5] : 3]]
    widest = max((across for across, _ in factors), default=1) or 1
    highest = max((down for _, down in factors), default=1) or 1
    samples = sum(across * down for across, down in factors)
    return 2 * width * height * samples // (widest * highest)
