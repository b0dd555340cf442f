"""The bytes of keys and values in the store: pure functions, without LMDB."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import decode_strip
from cbvir_core.decode.kept import encode_kept_strip
from cbvir_core.errors import NotAPicture, StoreDamaged
from cbvir_core.types import FrameCodes, Keyframe, KeyframeId, RowNumbers, Rows, Thumbnails, VideoId

STORE_SCHEMA = "4"

_LONG = struct.Struct(">Q")  # a row number, a counter or a sequence number
_GENERATION_ROW = struct.Struct(">IQ")
_SHORT = struct.Struct(">I")  # a generation, or a keyframe's number in its video
_KEYFRAME = struct.Struct(">I3df")  # number in the video, time, scene start, scene end, quality
_LENGTHS = struct.Struct("<HH")  # numbers of entries of the filter row and of the refine row
_STRIP_HEADER = struct.Struct("<HH")  # number of frames, their height
_CODES_HEADER = struct.Struct("<HHH")  # numbers of frames, of views of a frame, of bytes of a view
STORED_FLOAT = np.dtype("<f2")
STORED_TIME = np.dtype("<f8")
HalfRows = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class KeyframeRow:
    """One stored keyframe.  `row` is unique in the store, ascending, and never given out again."""

    row: int
    keyframe_id: KeyframeId
    time_s: float
    scene_start_s: float
    scene_end_s: float
    quality: float

    def distance_s(self, time_s: float) -> float:
        """Return by how many seconds a time lies outside the scene, 0 within."""
        return max(self.scene_start_s - time_s, time_s - self.scene_end_s, 0.0)

    def is_beside(self, other: KeyframeRow, gap_s: float = 0.0) -> bool:
        """Return whether both are of one video and at most `gap_s` seconds lie between their scenes."""
        if self.keyframe_id.video != other.keyframe_id.video:
            return False
        return (
            self.scene_start_s - gap_s <= other.scene_end_s
            and other.scene_start_s - gap_s <= self.scene_end_s
        )


def pack_number(number: int) -> bytes:
    """Pack a row number, a counter or a sequence number in eight bytes that sort as the number."""
    return _LONG.pack(number)


def unpack_number(value: bytes | memoryview) -> int:
    """Unpack what `pack_number` made."""
    return int(_checked(_LONG, value, "number")[0])


def generation_key(generation: int) -> bytes:
    """Return the prefix of every key of one generation."""
    return _SHORT.pack(generation)


def row_key(generation: int, row: int) -> bytes:
    """Return the key of one row in one generation; also the value of a change."""
    return _GENERATION_ROW.pack(generation, row)


def unpack_row_key(key: bytes | memoryview) -> tuple[int, int]:
    """Unpack what `row_key` made."""
    generation, row = _checked(_GENERATION_ROW, key, "row key")
    return generation, row


def rows_of_keys(keys: Sequence[bytes]) -> RowNumbers:
    """Return the row numbers of many row keys."""
    pairs = np.frombuffer(b"".join(keys), dtype=np.dtype([("generation", ">u4"), ("row", ">u8")]))
    return pairs["row"].astype(np.int64)


def numbers_of_keys(keys: Sequence[bytes]) -> RowNumbers:
    """Return the row numbers of many keys that `pack_number` made."""
    return np.frombuffer(b"".join(keys), dtype=np.dtype(">u8")).astype(np.int64)


def video_prefix(video: VideoId) -> bytes:
    """Return the prefix of the keys of all keyframe numbers of a video."""
    return video.encode() + b":"


def number_key(keyframe_id: KeyframeId) -> bytes:
    """Return the key by which a keyframe's row is found from its public name."""
    return video_prefix(keyframe_id.video) + _SHORT.pack(keyframe_id.number)


def unframed_key(video: VideoId, row: int) -> bytes:
    """Return the key by which a row that has no frame codes is listed."""
    return video_prefix(video) + _LONG.pack(row)


def unframed_row(key: bytes) -> int:
    """Return the row of what `unframed_key` made."""
    return unpack_number(key[-_LONG.size :])


def video_of_unframed(key: bytes) -> VideoId:
    """Return the video of what `unframed_key` made."""
    return VideoId(key[: -_LONG.size - 1].decode("ascii", "replace"))


def pack_keyframe(keyframe_id: KeyframeId, keyframe: Keyframe) -> bytes:
    """Pack a keyframe without its picture."""
    spans = (keyframe.time_s, keyframe.scene_start_s, keyframe.scene_end_s, keyframe.quality)
    return _KEYFRAME.pack(keyframe_id.number, *spans) + keyframe_id.video.encode()


def unpack_keyframe(row: int, value: memoryview) -> KeyframeRow:
    """Unpack what `pack_keyframe` made."""
    number, time_s, start_s, end_s, quality = _checked(_KEYFRAME, value[: _KEYFRAME.size], "keyframe")
    video = VideoId(bytes(value[_KEYFRAME.size :]).decode("ascii", "replace"))
    return KeyframeRow(row, KeyframeId(video, number), time_s, start_s, end_s, quality)


def rename_packed_keyframe(value: memoryview, video: VideoId) -> bytes:
    """Return what `pack_keyframe` made as of a video with another id."""
    return bytes(value[: _KEYFRAME.size]) + video.encode()


def packed_quality(value: memoryview) -> float:
    """Unpack only the quality of what `pack_keyframe` made."""
    return float(_checked(_KEYFRAME, value[: _KEYFRAME.size], "keyframe")[-1])


def pack_thumbnails(thumbnails: Thumbnails) -> bytes:
    """Pack the times, and the frames as one strip."""
    count, height, _ = thumbnails.frames.shape
    times = np.ascontiguousarray(thumbnails.times_s, STORED_TIME)
    return _STRIP_HEADER.pack(count, height) + times.tobytes() + encode_kept_strip(thumbnails.frames)


def unpack_thumbnails(value: memoryview) -> Thumbnails:
    """Unpack what `pack_thumbnails` made; the frames have changed a little."""
    if len(value) < _STRIP_HEADER.size:
        raise StoreDamaged("a strip of thumbnails in the store has the wrong length")
    count, height = _STRIP_HEADER.unpack_from(value)
    strip = _STRIP_HEADER.size + count * STORED_TIME.itemsize
    try:
        times = np.frombuffer(value, STORED_TIME, count, _STRIP_HEADER.size).astype(np.float64)
        return Thumbnails(times, decode_strip(bytes(value[strip:]), count, height))
    except (NotAPicture, ValueError) as error:
        raise StoreDamaged(f"a strip of thumbnails in the store cannot be read ({error})") from error


def pack_frame_codes(frames: FrameCodes) -> bytes:
    """Pack the times and the codes.  Raises ValueError where their numbers differ."""
    count, views, width = frames.codes.shape
    if frames.times_s.shape != (count,):
        raise ValueError(f"codes of {count} frames, {len(frames.times_s)} times")
    times = np.ascontiguousarray(frames.times_s, STORED_TIME).tobytes()
    codes = np.ascontiguousarray(frames.codes, np.uint8).tobytes()
    return _CODES_HEADER.pack(count, views, width) + times + codes


def unpack_frame_codes(value: memoryview) -> FrameCodes:
    """Unpack what `pack_frame_codes` made."""
    count, views, width = _CODES_HEADER.unpack_from(value) if len(value) >= _CODES_HEADER.size else (0, 0, 0)
    codes_at = _CODES_HEADER.size + count * STORED_TIME.itemsize
    if len(value) != codes_at + count * views * width:
        raise StoreDamaged("the codes of a scene's frames in the store have the wrong length")
    times = np.frombuffer(value, STORED_TIME, count, _CODES_HEADER.size).astype(np.float64)
    codes = np.frombuffer(value, np.uint8, count * views * width, codes_at)
    return FrameCodes(times, codes.reshape(count, views, width).copy())


def to_half(rows: Rows) -> HalfRows:
    """Convert rows to float16, as they are stored.  Entries of unit rows keep three decimal digits."""
    return np.ascontiguousarray(rows, dtype=STORED_FLOAT)


def pack_descriptors(filter_row: HalfRows, refine_row: HalfRows | None) -> bytes:
    """Pack the descriptors of a row in one value.

    Earlier releases packed both so.  With both a value is half a page and has one of its own; two values of a
    quarter share pages with others.
    """
    refine = b"" if refine_row is None else refine_row.tobytes()
    return (
        _LENGTHS.pack(len(filter_row), len(refine) // STORED_FLOAT.itemsize) + filter_row.tobytes() + refine
    )


def pack_refine(refine_row: HalfRows) -> bytes:
    """Pack a refine descriptor alone."""
    return np.ascontiguousarray(refine_row, STORED_FLOAT).tobytes()


def refine_part(value: memoryview) -> memoryview | None:
    """Return the refine descriptor in what `pack_descriptors` made, as `pack_refine` packs it; or None."""
    filter_length, refine_length = _lengths(value)
    return value[_LENGTHS.size + 2 * filter_length :] if refine_length else None


def filter_matrix(values: Sequence[memoryview]) -> Rows:
    """Return the filter descriptors of stored values: N x D, float32."""
    return _matrix(
        [value[: _LENGTHS.size + 2 * _lengths(value)[0]] for value in values],
        _LENGTHS.size,
    )


def refine_matrix(values: Sequence[memoryview]) -> Rows:
    """Return refine descriptors that `pack_refine` packed: N x D, float32."""
    if any(len(value) % STORED_FLOAT.itemsize for value in values):
        raise StoreDamaged("a refine descriptor in the store has the wrong length")
    return _matrix(list(values), 0)


def _matrix(parts: list[memoryview], offset: int) -> Rows:
    # One copy of all bytes and one conversion: a fourth of the time of an array per row.  Arithmetic
    # in float16 would be 60 times slower.
    if not parts:
        return np.zeros((0, 0), dtype=np.float32)
    width = len(parts[0])
    if any(len(part) != width for part in parts):
        raise StoreDamaged("descriptors of one generation in the store differ in length")
    table = np.frombuffer(b"".join(parts), dtype=np.uint8).reshape(len(parts), width)
    return table[:, offset:].view(STORED_FLOAT).astype(np.float32)


def _lengths(value: memoryview) -> tuple[int, int]:
    filter_length, refine_length = _LENGTHS.unpack_from(value) if len(value) >= _LENGTHS.size else (0, 0)
    expected = _LENGTHS.size + (filter_length + refine_length) * STORED_FLOAT.itemsize
    if filter_length == 0 or len(value) != expected:
        raise StoreDamaged("a descriptor in the store has the wrong length")
    return filter_length, refine_length


def _checked(form: struct.Struct, value: bytes | memoryview, what: str) -> tuple[Any, ...]:
    if len(value) != form.size:
        raise StoreDamaged(f"a {what} in the store has the wrong length")
    return form.unpack(value)
