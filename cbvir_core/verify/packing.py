"""Local features as the bytes that are kept of every still."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import StoreDamaged
from cbvir_core.types import Grey
from cbvir_core.verify.features import DIM, LEVELS, LocalFeatures

FORM = 1
"""Number of the layout; a change of it, or of `LEVELS` or `TOP`, takes another number."""

HEADER = struct.Struct("<BHHHHH")
"""Form, width, height, number of points, height and width of the grey copy."""

GRID = 65535
"""Steps of a position over the width or height: a hundredth of a pixel in a still."""

OCTAVE = 16
"""Steps of a size per doubling: 4 %."""

TURN = 256
"""Steps of an angle: 1.4 degrees."""

SHADE = 2
"""Grey values per step of the grey copy."""


def pack(features: LocalFeatures) -> bytes:
    """The features as bytes, entropy-coded; `unpack` gives them back, rounded to the steps above."""
    height, width = features.grey.shape
    header = HEADER.pack(FORM, features.width, features.height, len(features), height, width)
    extent = np.array([features.width, features.height], np.float32)
    places = np.rint(np.clip((features.points + 0.5) / extent, 0, 1) * GRID).astype("<u2")
    sizes = np.clip(np.rint(np.log2(np.maximum(features.sizes, 1)) * OCTAVE), 0, 255).astype(np.uint8)
    angles = (np.rint(features.angles * (TURN / 360)).astype(np.int64) % TURN).astype(np.uint8)
    shades = np.diff(features.grey // SHADE, axis=1, prepend=np.uint8(0))
    # Elements of few steps have no repetitions worth a search: Huffman codes alone are as small.
    coder = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    numbers = b"".join(part.tobytes() for part in (places, sizes, angles))
    return b"".join(
        [
            header,
            _block(numbers),
            _block(coder.compress(features.rows.tobytes()) + coder.flush()),
            _block(zlib.compress(shades.tobytes(), 9, wbits=-15)),
        ]
    )


def unpack(data: bytes) -> LocalFeatures:
    """The features in bytes that `pack` made.  Raises StoreDamaged for any others."""
    try:
        return _unpack(data)
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise StoreDamaged(f"The local features of a still cannot be read ({error}).") from error


def _unpack(data: bytes) -> LocalFeatures:
    form, width, height, count, grey_height, grey_width = HEADER.unpack_from(data)
    if form != FORM:
        raise ValueError(f"layout {form} instead of {FORM}")
    numbers, at = _unblock(data, HEADER.size)
    coded, at = _unblock(data, at)
    shaded, at = _unblock(data, at)
    if at != len(data) or len(numbers) != 6 * count:
        raise ValueError("wrong length")
    rows = _inflate(coded, count * DIM).reshape(count, DIM)
    if rows.max(initial=0) > LEVELS:
        raise ValueError("an element is out of range")
    shades = _inflate(shaded, grey_height * grey_width).reshape(grey_height, grey_width)
    extent = np.array([width, height], np.float32)
    places = np.frombuffer(numbers, "<u2", 2 * count).reshape(count, 2).astype(np.float32)
    sizes, angles = np.frombuffer(numbers, np.uint8, offset=4 * count).reshape(2, count).astype(np.float32)
    return LocalFeatures(
        width=width,
        height=height,
        points=places / np.float32(GRID) * extent - np.float32(0.5),
        sizes=np.exp2(sizes / np.float32(OCTAVE)),
        angles=angles * np.float32(360 / TURN),
        rows=rows,
        grey=_shades(shades),
    )


def _shades(steps: npt.NDArray[np.uint8]) -> Grey:
    values = np.cumsum(steps, axis=1, dtype=np.uint8)
    return np.asarray((values % (256 // SHADE)) * SHADE + SHADE // 2, np.uint8)


def _block(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _unblock(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<I", data, at)
    block = data[at + 4 : at + 4 + length]
    if len(block) != length:
        raise ValueError("cut short")
    return block, at + 4 + length


def _inflate(data: bytes, expected: int) -> npt.NDArray[np.uint8]:
    """Decompresses no more than is expected, so that damaged bytes cannot ask for all memory."""
    values = zlib.decompressobj(-15).decompress(data, expected + 1) if expected else b""
    if len(values) != expected:
        raise ValueError("wrong length")
    return np.frombuffer(values, np.uint8)
