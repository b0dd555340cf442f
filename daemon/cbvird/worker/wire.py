"""What a decode worker and the service say to each other, and how it is put into bytes.

A worker reads hostile files, so what it sends is data and never code: a JSON header, and for a
keyframe the raw picture behind it, and the raw thumbnails of its scene.  Nothing from a worker is unpickled.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.keyframes.thumbnails import MOST
from cbvir_core.types import Box, Image, Keyframe, Thumbnails, VideoId, VideoInfo

GO = b"go"
"""The service's one word to a worker that has probed its file: decode it."""

LARGEST_HEADER = 1 << 16
LARGEST_PICTURE = 1 << 26


@dataclass(frozen=True, slots=True)
class Probed:
    """The file is a video; the worker waits for `GO`."""

    info: VideoInfo


@dataclass(frozen=True, slots=True)
class Found:
    """One finished keyframe."""

    keyframe: Keyframe


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life: how far the decoder is, and how many damaged frames it met so far."""

    position_s: float
    damaged: int


@dataclass(frozen=True, slots=True)
class Framed:
    """The picture has borders: all keyframes are cut to this box (left, top, right, bottom)."""

    borders: Box


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the file."""

    position_s: float
    damaged: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker gave up: the code of the error in `cbvir_core.errors`, and its sentence."""

    code: str
    message: str


Reading = Framed | Found | Progress | Finished
Told = Probed | Reading
Message = Told | Failed

_PLAIN: dict[str, type[Progress] | type[Finished] | type[Failed]] = {
    kind.__name__: kind for kind in (Progress, Finished, Failed)
}


def send(connection: Connection, message: Message) -> None:
    """Write one message; waits while the other side does not read (that is the back pressure)."""
    if isinstance(message, Found):
        _send_keyframe(connection, message.keyframe)
        return
    fields = _info_fields(message.info) if isinstance(message, Probed) else asdict(message)
    connection.send_bytes(_header(type(message).__name__, fields))


def receive(connection: Connection) -> Message:
    """Read one message.  Raises EOFError when the other side is gone, ValueError on nonsense."""
    header = json.loads(connection.recv_bytes(LARGEST_HEADER))
    kind, fields = header["kind"], header["fields"]
    if kind == Found.__name__:
        return Found(_receive_keyframe(connection, fields))
    if kind == Probed.__name__:
        return Probed(_info(fields))
    if kind == Framed.__name__:
        return Framed(_box(fields["borders"]))
    return _PLAIN[kind](**fields)


def _header(kind: str, fields: dict[str, Any]) -> bytes:
    return json.dumps({"kind": kind, "fields": fields}).encode()


def _send_keyframe(connection: Connection, keyframe: Keyframe) -> None:
    fields = {
        "time_s": keyframe.time_s,
        "scene_start_s": keyframe.scene_start_s,
        "scene_end_s": keyframe.scene_end_s,
        "quality": float(keyframe.quality),
        "shape": keyframe.image.shape,
        "strip": None if keyframe.thumbnails is None else keyframe.thumbnails.frames.shape,
    }
    connection.send_bytes(_header(Found.__name__, fields))
    connection.send_bytes(np.ascontiguousarray(keyframe.image).tobytes())
    if (seen := keyframe.thumbnails) is not None:
        connection.send_bytes(np.ascontiguousarray(seen.times_s, np.float64).tobytes())
        connection.send_bytes(np.ascontiguousarray(seen.frames).tobytes())


def _receive_keyframe(connection: Connection, fields: dict[str, Any]) -> Keyframe:
    shape, strip = fields.pop("shape"), fields.pop("strip")
    if not all(math.isfinite(fields[name]) for name in ("time_s", "scene_start_s", "scene_end_s", "quality")):
        raise ValueError("a keyframe at no time")
    image = _receive_picture(connection, shape)
    seen = None if strip is None else _receive_thumbnails(connection, strip)
    return Keyframe(image=image, thumbnails=seen, **fields)


def _box(sides: Any) -> Box:
    match sides:
        case [int(left), int(top), int(right), int(bottom)] if 0 <= left < right and 0 <= top < bottom:
            return left, top, right, bottom
        case _:
            raise ValueError(f"borders at {sides}")


def _receive_picture(connection: Connection, shape: Any) -> Image:
    match shape:
        case [int(height), int(width), 3] if height >= 1 and width >= 1:
            pixels = np.frombuffer(connection.recv_bytes(LARGEST_PICTURE), dtype=np.uint8)
            return pixels.reshape(height, width, 3)
        case _:
            raise ValueError(f"a picture of shape {shape}")


def _receive_thumbnails(connection: Connection, strip: Any) -> Thumbnails:
    match strip:
        case [int(count), int(height), int(width)] if (
            1 <= count <= MOST and 1 <= height <= THUMBNAIL_SIDE and 1 <= width <= THUMBNAIL_SIDE
        ):
            pass
        case _:
            raise ValueError(f"thumbnails of shape {strip}")
    times = np.frombuffer(connection.recv_bytes(LARGEST_HEADER), dtype=np.float64)
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("thumbnails without an order of time")
    frames = np.frombuffer(connection.recv_bytes(LARGEST_PICTURE), dtype=np.uint8)
    return Thumbnails(times.reshape(count), frames.reshape(count, height, width))


def _info_fields(info: VideoInfo) -> dict[str, Any]:
    fields = asdict(info)
    fields["path"] = str(info.path)
    for name in ("sample_aspect", "time_base", "start"):
        fields[name] = str(fields[name])
    return fields


def _info(fields: dict[str, Any]) -> VideoInfo:
    typed: dict[str, Any] = {
        "path": Path(fields["path"]),
        "video_id": VideoId(fields["video_id"]),
        **{name: Fraction(fields[name]) for name in ("sample_aspect", "time_base", "start")},
    }
    return VideoInfo(**fields | typed)
