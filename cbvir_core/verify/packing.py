"""Local features as the bytes that are kept of every still."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import StoreDamaged
from cbvir_core.types import Floats, Grey
from cbvir_core.verify.features import ROOT_SIFT_STEPS, SIFT_ELEMENTS, LocalFeatures

_Bytes = npt.NDArray[np.uint8]

FIRST_LAYOUT, PAIRS_LAYOUT, QUADS_LAYOUT = 1, 2, 3
"""Numbers of the layouts.  The first two, of earlier releases, have 7 steps of an element: a byte for each,
and a byte for two.  A change of the layout, or of steps and top of an element, takes another number."""

FORMER_STEPS = 7

KEPT_STEPS = 3
"""Steps of an element as it is kept.  Of 323 true pairs, 17 changed frames of each of 19 clips, 296 verify
with these and 300 with 7; the tenth part with fewest inliers has 6 and 7 of them.  Of 228 false pairs none
does.  Rows of a still take 4.1 kB, with 7 steps 7.5."""

_ELEMENTS_OF_BYTE = {1: 8, KEPT_STEPS: 4, FORMER_STEPS: 2, ROOT_SIFT_STEPS: 1}
"""Elements that make a byte together, by their steps.  A code of whole bits comes nearer to what several hold
than to what one does: four in a byte take three quarters of what they take one by one."""

PACKED_HEADER = struct.Struct("<BHHHHH")
"""Layout, width, height, number of points, height and width of the grey copy."""

POSITION_STEPS, FORMER_POSITION_STEPS = 8191, 65535
"""Steps of a position over the width or height, a sixteenth of a pixel in a still; in earlier layouts."""

SIZE_STEPS_PER_OCTAVE = 16
"""Steps of a size per doubling: 4 %."""

ANGLE_STEPS = 256
"""Steps of an angle: 1.4 degrees."""

GREY_VALUES_PER_STEP = 2
"""Grey values per step of the grey copy."""


def pack(features: LocalFeatures) -> bytes:
    """Return the features as bytes, entropy-coded; `unpack` reads them, rounded to the steps above."""
    height, width = features.grey.shape
    header = PACKED_HEADER.pack(QUADS_LAYOUT, features.width, features.height, len(features), height, width)
    grey_steps = np.diff(features.grey // GREY_VALUES_PER_STEP, axis=1, prepend=np.uint8(0))
    few, many = _pack_points(features)
    return b"".join(
        [
            header,
            _with_length(_huffman(few.tobytes())),
            _with_length(many.tobytes()),
            _with_length(_huffman(_pack_rows(features.rows).tobytes())),
            _with_length(zlib.compress(grey_steps.tobytes(), 9, wbits=-15)),
        ]
    )


def unpack(data: bytes) -> LocalFeatures:
    """Return the features in bytes that `pack` made, in this release or an earlier one.

    Raise StoreDamaged for any others.
    """
    try:
        return _unpack(data)
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise StoreDamaged(f"The local features of a still cannot be read ({error}).") from error


def _unpack(data: bytes) -> LocalFeatures:
    layout, width, height, count, grey_height, grey_width = PACKED_HEADER.unpack_from(data)
    if layout not in (FIRST_LAYOUT, PAIRS_LAYOUT, QUADS_LAYOUT):
        raise ValueError(f"layout {layout} instead of {QUADS_LAYOUT}")
    first, offset = _read_block(data, PACKED_HEADER.size)
    if layout == QUADS_LAYOUT:
        second, offset = _read_block(data, offset)
        positions, sizes, angles = _unpack_points(first, second, count)
    else:
        positions, sizes, angles = _unpack_former_points(first, count)
    packed_rows, offset = _read_block(data, offset)
    packed_grey, offset = _read_block(data, offset)
    if offset != len(data):
        raise ValueError("wrong length")
    grey_steps = _inflate(packed_grey, grey_height * grey_width).reshape(grey_height, grey_width)
    extent = np.array([width, height], np.float32)
    return LocalFeatures(
        width=width,
        height=height,
        points=positions * extent - np.float32(0.5),
        sizes=np.exp2(sizes.astype(np.float32) / np.float32(SIZE_STEPS_PER_OCTAVE)),
        angles=angles.astype(np.float32) * np.float32(360 / ANGLE_STEPS),
        rows=_unpack_rows(packed_rows, count, layout),
        grey=_grey_values(grey_steps),
    )


def _pack_points(features: LocalFeatures) -> tuple[_Bytes, _Bytes]:
    """Return bytes of few values, and bytes that are as good as random, of all points.

    OpenCV gives points from left to right, so the differences of x are small.
    """
    extent = np.array([features.width, features.height], np.float32)
    x, y = np.rint(np.clip((features.points + 0.5) / extent, 0, 1) * POSITION_STEPS).astype(np.uint16).T
    x = np.diff(x, prepend=np.uint16(0))
    octaves = np.log2(np.maximum(features.sizes, 1))
    sizes = np.clip(np.rint(octaves * SIZE_STEPS_PER_OCTAVE), 0, 255)
    angles = np.rint(features.angles * (ANGLE_STEPS / 360)).astype(np.int64) % ANGLE_STEPS
    few = np.stack([x >> 8, y >> 8, sizes]).astype(np.uint8)
    return few, np.stack([x & 255, y & 255, angles]).astype(np.uint8)


def _unpack_points(few: bytes, many: bytes, count: int) -> tuple[Floats, _Bytes, _Bytes]:
    """Return positions in [0, 1], and steps of sizes and angles."""
    high_x, high_y, sizes = _inflate(few, 3 * count).reshape(3, count)
    low_x, low_y, angles = np.frombuffer(many, np.uint8).reshape(3, count)
    x = np.cumsum(high_x.astype(np.uint16) << 8 | low_x, dtype=np.uint16)
    y = high_y.astype(np.uint16) << 8 | low_y
    return np.stack([x, y], axis=1).astype(np.float32) / np.float32(POSITION_STEPS), sizes, angles


def _unpack_former_points(data: bytes, count: int) -> tuple[Floats, _Bytes, _Bytes]:
    if len(data) != 6 * count:
        raise ValueError("wrong length")
    positions = np.frombuffer(data, "<u2", 2 * count).reshape(count, 2).astype(np.float32)
    sizes, angles = np.frombuffer(data, np.uint8, offset=4 * count).reshape(2, count)
    return positions / np.float32(FORMER_POSITION_STEPS), sizes, angles


def _pack_rows(rows: _Bytes) -> _Bytes:
    """Return a byte for each four neighbouring elements, in the steps of what is kept."""
    step, together = ROOT_SIFT_STEPS // KEPT_STEPS, _ELEMENTS_OF_BYTE[KEPT_STEPS]
    elements = (rows + np.uint8(step // 2)) // np.uint8(step)
    return np.asarray(elements.reshape(-1, together) @ _places(KEPT_STEPS, together), np.uint8)


def _unpack_rows(data: bytes, count: int, layout: int) -> _Bytes:
    """Return rows in steps of `ROOT_SIFT_STEPS`, whatever the steps that they were kept in."""
    steps = KEPT_STEPS if layout == QUADS_LAYOUT else FORMER_STEPS
    together = 1 if layout == FIRST_LAYOUT else _ELEMENTS_OF_BYTE[steps]
    packed = _inflate(data, count * SIFT_ELEMENTS // together)
    if packed.max(initial=0) >= (steps + 1) ** together:
        raise ValueError("an element is out of range")
    elements = packed[:, np.newaxis] // _places(steps, together) % np.uint8(steps + 1)
    return elements.reshape(count, SIFT_ELEMENTS) * np.uint8(ROOT_SIFT_STEPS // steps)


def _places(steps: int, together: int) -> _Bytes:
    """Return what each of the elements of a byte counts, the first one most."""
    return np.array([(steps + 1) ** place for place in range(together)][::-1], np.uint8)


def _grey_values(steps: npt.NDArray[np.uint8]) -> Grey:
    values = np.cumsum(steps, axis=1, dtype=np.uint8)
    middles = (values % (256 // GREY_VALUES_PER_STEP)) * GREY_VALUES_PER_STEP + GREY_VALUES_PER_STEP // 2
    return np.asarray(middles, np.uint8)


def _huffman(data: bytes) -> bytes:
    """Compress; values of few steps have no repetitions worth a search."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(data) + coder.flush()


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
