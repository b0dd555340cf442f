"""Local features as the bytes that are kept of every still."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import StoreDamaged
from cbvir_core.types import Grey
from cbvir_core.verify.features import ROOT_SIFT_STEPS, SIFT_ELEMENTS, LocalFeatures

FIRST_LAYOUT, PACKED_LAYOUT = 1, 2
"""Numbers of the layout of earlier releases, which has a byte for each element, and of this one.  A change of
it, or of `ROOT_SIFT_STEPS` or `ROOT_SIFT_TOP`, takes another number."""

_LEVELS = ROOT_SIFT_STEPS + 1
"""Values of an element.  Two make a byte: a code of whole bits comes nearer to what two elements hold than to
what one does, by a tenth of their bytes."""

PACKED_HEADER = struct.Struct("<BHHHHH")
"""Layout, width, height, number of points, height and width of the grey copy."""

POSITION_STEPS = 65535
"""Steps of a position over the width or height: a hundredth of a pixel in a still."""

SIZE_STEPS_PER_OCTAVE = 16
"""Steps of a size per doubling: 4 %."""

ANGLE_STEPS = 256
"""Steps of an angle: 1.4 degrees."""

GREY_VALUES_PER_STEP = 2
"""Grey values per step of the grey copy."""


def pack(features: LocalFeatures) -> bytes:
    """Return the features as bytes, entropy-coded; `unpack` reads them, rounded to the steps above."""
    height, width = features.grey.shape
    header = PACKED_HEADER.pack(PACKED_LAYOUT, features.width, features.height, len(features), height, width)
    extent = np.array([features.width, features.height], np.float32)
    positions = np.rint(np.clip((features.points + 0.5) / extent, 0, 1) * POSITION_STEPS).astype("<u2")
    octaves = np.log2(np.maximum(features.sizes, 1))
    sizes = np.clip(np.rint(octaves * SIZE_STEPS_PER_OCTAVE), 0, 255).astype(np.uint8)
    angles = (np.rint(features.angles * (ANGLE_STEPS / 360)).astype(np.int64) % ANGLE_STEPS).astype(np.uint8)
    grey_steps = np.diff(features.grey // GREY_VALUES_PER_STEP, axis=1, prepend=np.uint8(0))
    pairs = features.rows[:, ::2] * np.uint8(_LEVELS) + features.rows[:, 1::2]
    # Elements of few steps have no repetitions worth a search: Huffman codes alone are as small.
    coder = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    point_bytes = b"".join(part.tobytes() for part in (positions, sizes, angles))
    return b"".join(
        [
            header,
            _with_length(point_bytes),
            _with_length(coder.compress(pairs.tobytes()) + coder.flush()),
            _with_length(zlib.compress(grey_steps.tobytes(), 9, wbits=-15)),
        ]
    )


def unpack(data: bytes) -> LocalFeatures:
    """Return the features in bytes that `pack` made.  Raise StoreDamaged for any others."""
    try:
        return _unpack(data)
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise StoreDamaged(f"The local features of a still cannot be read ({error}).") from error


def _unpack(data: bytes) -> LocalFeatures:
    layout, width, height, count, grey_height, grey_width = PACKED_HEADER.unpack_from(data)
    if layout not in (FIRST_LAYOUT, PACKED_LAYOUT):
        raise ValueError(f"layout {layout} instead of {PACKED_LAYOUT}")
    point_bytes, offset = _read_block(data, PACKED_HEADER.size)
    packed_rows, offset = _read_block(data, offset)
    packed_grey, offset = _read_block(data, offset)
    if offset != len(data) or len(point_bytes) != 6 * count:
        raise ValueError("wrong length")
    if layout == FIRST_LAYOUT:
        rows = _inflate(packed_rows, count * SIFT_ELEMENTS).reshape(count, SIFT_ELEMENTS)
    else:
        pairs = _inflate(packed_rows, count * SIFT_ELEMENTS // 2)
        rows = np.stack(np.divmod(pairs, np.uint8(_LEVELS)), axis=-1).reshape(count, SIFT_ELEMENTS)
    if rows.max(initial=0) > ROOT_SIFT_STEPS:
        raise ValueError("an element is out of range")
    grey_steps = _inflate(packed_grey, grey_height * grey_width).reshape(grey_height, grey_width)
    extent = np.array([width, height], np.float32)
    positions = np.frombuffer(point_bytes, "<u2", 2 * count).reshape(count, 2).astype(np.float32)
    sizes, angles = (
        np.frombuffer(point_bytes, np.uint8, offset=4 * count).reshape(2, count).astype(np.float32)
    )
    return LocalFeatures(
        width=width,
        height=height,
        points=positions / np.float32(POSITION_STEPS) * extent - np.float32(0.5),
        sizes=np.exp2(sizes / np.float32(SIZE_STEPS_PER_OCTAVE)),
        angles=angles * np.float32(360 / ANGLE_STEPS),
        rows=rows,
        grey=_grey_values(grey_steps),
    )


def _grey_values(steps: npt.NDArray[np.uint8]) -> Grey:
    values = np.cumsum(steps, axis=1, dtype=np.uint8)
    middles = (values % (256 // GREY_VALUES_PER_STEP)) * GREY_VALUES_PER_STEP + GREY_VALUES_PER_STEP // 2
    return np.asarray(middles, np.uint8)


def _with_length(block: bytes) -> bytes:
    return struct.pack("<I", len(block)) + block


def _read_block(data: bytes, offset: int) -> tuple[bytes, int]:
    """Return the block at an offset, without its length, and the offset of what follows."""
    (length,) = struct.unpack_from("<I", data, offset)
    block = data[offset + 4 : offset + 4 + length]
    if len(block) != length:
        raise ValueError("cut short")
    return block, offset + 4 + length


def _inflate(data: bytes, expected: int) -> npt.NDArray[np.uint8]:
    """Decompress no more than is expected, so that damaged bytes cannot take all memory."""
    values = zlib.decompressobj(-15).decompress(data, expected + 1) if expected else b""
    if len(values) != expected:
        raise ValueError("wrong length")
    return np.frombuffer(values, np.uint8)
