"""How keys and values look in the store: pure functions, no LMDB."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import decode_strip, encode_strip
from cbvir_core.errors import NotAPicture, StoreDamaged
from cbvir_core.types import Keyframe, KeyframeId, Rows, Thumbnails, VideoId

SCHEMA = 1

_ROW = struct.Struct(">Q")
_PAIR = struct.Struct(">IQ")  # generation, row
_NUMBER = struct.Struct(">I")
_KEYFRAME = struct.Struct(">I3df")  # number in the video, time, scene start, scene end, quality
_SIZES = struct.Struct("<HH")  # entries of the filter row, of the refine row
_THUMBNAILS = struct.Struct("<HH")  # how many, their height
HALF = np.dtype("<f2")
TIME = np.dtype("<f8")
Half = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class KeyframeRow:
    """One stored keyframe.  `row` is global and ascending; it is never given out again."""

    row: int
    keyframe_id: KeyframeId
    time_s: float
    scene_start_s: float
    scene_end_s: float
    quality: float


def number_value(number: int) -> bytes:
    """A row number, a counter or a sequence number as eight bytes that sort as it does."""
    return _ROW.pack(number)


def read_number(value: bytes | memoryview) -> int:
    """The inverse of `number_value`."""
    return int(_checked(_ROW, value, "number")[0])


def generation_key(generation: int) -> bytes:
    """The prefix of every key of one generation."""
    return _NUMBER.pack(generation)


def row_key(generation: int, row: int) -> bytes:
    """The key of one row in one generation; also the value of a change."""
    return _PAIR.pack(generation, row)


def read_row_key(key: bytes | memoryview) -> tuple[int, int]:
    """The inverse of `row_key`."""
    generation, row = _checked(_PAIR, key, "row key")
    return generation, row


def rows_of_keys(keys: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """The row numbers of many row keys."""
    pairs = np.frombuffer(b"".join(keys), dtype=np.dtype([("generation", ">u4"), ("row", ">u8")]))
    return pairs["row"].astype(np.int64)


def path_key(path: Path) -> bytes:
    """A digest, since LMDB's keys end at 511 bytes and paths at 4,096."""
    return hashlib.blake2b(os.fsencode(path), digest_size=32).digest()


def video_prefix(video: VideoId) -> bytes:
    """What the keys of all keyframe numbers of a video begin with."""
    return video.encode() + b":"


def number_key(keyframe_id: KeyframeId) -> bytes:
    """The key that leads from a keyframe's public name to its row."""
    return video_prefix(keyframe_id.video) + _NUMBER.pack(keyframe_id.number)


def pack_keyframe(keyframe_id: KeyframeId, keyframe: Keyframe) -> bytes:
    """A keyframe without its picture."""
    spans = (keyframe.time_s, keyframe.scene_start_s, keyframe.scene_end_s, keyframe.quality)
    return _KEYFRAME.pack(keyframe_id.number, *spans) + keyframe_id.video.encode()


def unpack_keyframe(row: int, value: memoryview) -> KeyframeRow:
    """The inverse of `pack_keyframe`."""
    number, time_s, start_s, end_s, quality = _checked(_KEYFRAME, value[: _KEYFRAME.size], "keyframe")
    video = VideoId(bytes(value[_KEYFRAME.size :]).decode("ascii", "replace"))
    return KeyframeRow(row, KeyframeId(video, number), time_s, start_s, end_s, quality)


def packed_quality(value: memoryview) -> float:
    """The quality alone of what `pack_keyframe` made."""
    return float(_checked(_KEYFRAME, value[: _KEYFRAME.size], "keyframe")[-1])


def pack_thumbnails(thumbnails: Thumbnails) -> bytes:
    """The times, and the frames as one strip."""
    count, height, _ = thumbnails.frames.shape
    times = np.ascontiguousarray(thumbnails.times_s, TIME)
    return _THUMBNAILS.pack(count, height) + times.tobytes() + encode_strip(thumbnails.frames)


def unpack_thumbnails(value: memoryview) -> Thumbnails:
    """The inverse of `pack_thumbnails`, but for what JPEG loses."""
    if len(value) < _THUMBNAILS.size:
        raise StoreDamaged("a strip of thumbnails in the store has the wrong length")
    count, height = _THUMBNAILS.unpack_from(value)
    strip = _THUMBNAILS.size + count * TIME.itemsize
    try:
        times = np.frombuffer(value, TIME, count, _THUMBNAILS.size).astype(np.float64)
        return Thumbnails(times, decode_strip(bytes(value[strip:]), count, height))
    except (NotAPicture, ValueError) as error:
        raise StoreDamaged(f"a strip of thumbnails in the store cannot be read ({error})") from error


def half(rows: Rows) -> Half:
    """Rows as they are stored.  Entries of unit rows keep three decimal digits."""
    return np.ascontiguousarray(rows, dtype=HALF)


def pack_descriptors(filter_row: Half, refine_row: Half | None) -> bytes:
    """One value for both descriptors, so that one page visit brings both."""
    refine = b"" if refine_row is None else refine_row.tobytes()
    return _SIZES.pack(len(filter_row), len(refine) // HALF.itemsize) + filter_row.tobytes() + refine


def with_refine(value: memoryview, refine_row: Half) -> bytes:
    """A stored value with its refine descriptor set or replaced."""
    first, _ = _sizes(value)
    return pack_descriptors(np.frombuffer(value, HALF, first, _SIZES.size), refine_row)


def has_refine(value: memoryview) -> bool:
    """Whether a stored value holds its refine descriptor."""
    return _sizes(value)[1] > 0


def filter_matrix(values: Sequence[memoryview]) -> Rows:
    """The filter descriptors of stored values: N x D, float32."""
    return _matrix([value[: _SIZES.size + 2 * _sizes(value)[0]] for value in values], _SIZES.size)


def refine_matrix(values: Sequence[memoryview]) -> Rows:
    """The refine descriptors of stored values, all of which have one: N x D, float32."""
    return _matrix([value[_SIZES.size + 2 * _sizes(value)[0] :] for value in values], 0)


def _matrix(parts: list[memoryview], offset: int) -> Rows:
    # One copy of all bytes and one conversion: a fourth of the time of an array per row.  Arithmetic
    # in float16 would be 60 times slower.
    if not parts:
        return np.zeros((0, 0), dtype=np.float32)
    width = len(parts[0])
    if any(len(part) != width for part in parts):
        raise StoreDamaged("descriptors of one generation in the store differ in length")
    table = np.frombuffer(b"".join(parts), dtype=np.uint8).reshape(len(parts), width)
    return table[:, offset:].view(HALF).astype(np.float32)


def _sizes(value: memoryview) -> tuple[int, int]:
    first, second = _SIZES.unpack_from(value) if len(value) >= _SIZES.size else (0, 0)
    if first == 0 or len(value) != _SIZES.size + (first + second) * HALF.itemsize:
        raise StoreDamaged("a descriptor in the store has the wrong length")
    return first, second


def _checked(form: struct.Struct, value: bytes | memoryview, what: str) -> tuple[Any, ...]:
    if len(value) != form.size:
        raise StoreDamaged(f"a {what} in the store has the wrong length")
    return form.unpack(value)
