"""The messages between the service and a decode worker, and how they are put into bytes.

A worker reads hostile files, so what it sends is data and never code: a JSON header; for a keyframe, the raw
picture follows, then the raw thumbnails of its scene, then the raw frames.  Nothing from a worker is
unpickled.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import THUMBNAIL_SIDE, FinishedFile
from cbvir_core.errors import ERROR_OF_CODE, CbvirError, DecodeCrashed
from cbvir_core.keyframes import FRAME_SIDE, MAX_SCENE_FRAMES, MAX_SCENE_THUMBNAILS
from cbvir_core.types import Box, Frame, Image, Keyframe, SampledFrames, Thumbnails, VideoInfo
from cbvird.worker.wire_values import (
    box_of,
    fields_of_info,
    finished_file_of,
    info_of,
    time_or_none_of,
)

Times = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

GO_ON = b"go"
"""The only message from the service, to a worker that has probed its file: decode it."""

MAX_HEADER_BYTES = 1 << 16
"""Of a JSON header, and of the times of a scene's thumbnails or frames."""

MAX_RAW_PICTURE_BYTES = 1 << 26
"""Of a keyframe's picture, and of all the thumbnails or all the frames of a scene together."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The file is a video; the worker waits for `GO_ON`."""

    info: VideoInfo


@dataclass(frozen=True, slots=True)
class FoundBorders:
    """The picture has borders: all keyframes are cut to this box (left, top, right, bottom)."""

    borders: Box


@dataclass(frozen=True, slots=True)
class FoundKeyframe:
    """One finished keyframe."""

    keyframe: Keyframe


@dataclass(frozen=True, slots=True)
class FoundScene:
    """The frames of the next scene of a video that is known already; None for one without samples."""

    frames: SampledFrames | None


@dataclass(frozen=True, slots=True)
class FoundFrame:
    """The next sample of a clip."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class FoundCut:
    """The time of the cut that was asked for; None where there is none."""

    time_s: float | None


@dataclass(frozen=True, slots=True)
class DecodeProgress:
    """How far the decoder has come, and how many damaged frames it met; also shows that the worker lives."""

    position_s: float
    damaged: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the file."""

    position_s: float
    damaged: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker gave up: the code of the error in `cbvir_core.errors`, its message, and the file's path."""

    code: str
    message: str
    path: str | None = None

    @classmethod
    def of(cls, error: CbvirError) -> Self:
        """Return the message that tells of this error."""
        return cls(error.code, str(error.args[0]), None if error.path is None else str(error.path))

    def error(self) -> CbvirError:
        """Return the error that the worker met, as the class that has its code."""
        return ERROR_OF_CODE.get(self.code, DecodeCrashed)(self.message, path=self.path)


DecodeMessage = FoundBorders | FoundKeyframe | DecodeProgress | FinishedFile | Finished
"""What a worker sends after `GO_ON`, failure apart; `FinishedFile` at the end of a file that grew."""

WorkerMessage = Probed | DecodeMessage | FoundScene | FoundFrame | FoundCut
"""What a worker sends, failure apart."""

_PLAIN: dict[str, type[DecodeProgress] | type[Finished] | type[Failed]] = {
    kind.__name__: kind for kind in (DecodeProgress, Finished, Failed)
}
"""Messages whose fields are all plain JSON."""


def send(connection: Connection, message: WorkerMessage | Failed) -> None:
    """Write one message.  Blocks while the other side does not read: that is the back pressure."""
    if isinstance(message, FoundKeyframe):
        _send_keyframe(connection, message.keyframe)
        return
    if isinstance(message, FoundScene):
        connection.send_bytes(_header(FoundScene.__name__, {"frames": _shape(message.frames)}))
        _send_frames(connection, message.frames)
        return
    if isinstance(message, FoundFrame):
        fields = {"time": str(message.frame.time), "shape": message.frame.image.shape}
        connection.send_bytes(_header(FoundFrame.__name__, fields))
        connection.send_bytes(np.ascontiguousarray(message.frame.image).tobytes())
        return
    fields = fields_of_info(message.info) if isinstance(message, Probed) else asdict(message)
    connection.send_bytes(_header(type(message).__name__, fields))


def receive(connection: Connection) -> WorkerMessage | Failed:
    """Read one message.

    Raises EOFError when the other side has closed, ValueError on invalid data, and what the connection does.
    """
    header = connection.recv_bytes(MAX_HEADER_BYTES)
    try:
        return _received(json.loads(header), connection)
    except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"a message that is none ({type(error).__name__}: {error})") from error


def _received(header: Any, connection: Connection) -> WorkerMessage | Failed:
    kind, fields = header["kind"], header["fields"]
    if kind == FoundKeyframe.__name__:
        return FoundKeyframe(_receive_keyframe(connection, fields))
    if kind == FoundScene.__name__:
        return FoundScene(_receive_frames(connection, fields["frames"]))
    if kind == FoundFrame.__name__:
        return FoundFrame(Frame(Fraction(fields["time"]), _receive_picture(connection, fields["shape"])))
    if kind == FoundCut.__name__:
        return FoundCut(time_or_none_of(fields["time_s"]))
    if kind == Probed.__name__:
        return Probed(info_of(fields))
    if kind == FoundBorders.__name__:
        return FoundBorders(box_of(fields["borders"]))
    if kind == FinishedFile.__name__:
        return finished_file_of(fields)
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
        "frames": _shape(keyframe.frames),
    }
    connection.send_bytes(_header(FoundKeyframe.__name__, fields))
    connection.send_bytes(np.ascontiguousarray(keyframe.image).tobytes())
    if (thumbnails := keyframe.thumbnails) is not None:
        _send_timed(connection, thumbnails.times_s, thumbnails.frames)
    _send_frames(connection, keyframe.frames)


def _shape(frames: SampledFrames | None) -> tuple[int, ...] | None:
    return None if frames is None else frames.pictures.shape


def _send_frames(connection: Connection, frames: SampledFrames | None) -> None:
    if frames is not None:
        _send_timed(connection, frames.times_s, frames.pictures)


def _send_timed(connection: Connection, times_s: Times, pixels: Pixels) -> None:
    connection.send_bytes(np.ascontiguousarray(times_s, np.float64).tobytes())
    connection.send_bytes(np.ascontiguousarray(pixels).tobytes())


def _receive_keyframe(connection: Connection, fields: dict[str, Any]) -> Keyframe:
    shape, strip, frames = (fields.pop(name) for name in ("shape", "strip", "frames"))
    if not all(math.isfinite(fields[name]) for name in ("time_s", "scene_start_s", "scene_end_s", "quality")):
        raise ValueError("a keyframe with a time or quality that is no number")
    image = _receive_picture(connection, shape)
    return Keyframe(
        image=image,
        thumbnails=None if strip is None else _receive_thumbnails(connection, strip),
        frames=_receive_frames(connection, frames),
        **fields,
    )


def _receive_picture(connection: Connection, shape: Any) -> Image:
    match shape:
        case [int(height), int(width), 3] if height >= 1 and width >= 1:
            pixels = np.frombuffer(connection.recv_bytes(MAX_RAW_PICTURE_BYTES), dtype=np.uint8)
            return pixels.reshape(height, width, 3)
        case _:
            raise ValueError(f"a picture of shape {shape}")


def _receive_thumbnails(connection: Connection, strip: Any) -> Thumbnails:
    match strip:
        case [int(count), int(height), int(width)] if (
            1 <= count <= MAX_SCENE_THUMBNAILS
            and 1 <= height <= THUMBNAIL_SIDE
            and 1 <= width <= THUMBNAIL_SIDE
        ):
            times_s, pixels = _receive_timed(connection, count)
            return Thumbnails(times_s, pixels.reshape(count, height, width))
        case _:
            raise ValueError(f"thumbnails of shape {strip}")


def _receive_frames(connection: Connection, shape: Any) -> SampledFrames | None:
    match shape:
        case None:
            return None
        case [int(count), int(height), int(width), 3] if (
            1 <= count <= MAX_SCENE_FRAMES and 1 <= height <= FRAME_SIDE and 1 <= width <= FRAME_SIDE
        ):
            times_s, pixels = _receive_timed(connection, count)
            return SampledFrames(times_s, pixels.reshape(count, height, width, 3))
        case _:
            raise ValueError(f"frames of shape {shape}")


def _receive_timed(connection: Connection, count: int) -> tuple[Times, Pixels]:
    """Read `count` times in their order, and the pixels of the pictures that they belong to."""
    times_s = np.frombuffer(connection.recv_bytes(MAX_HEADER_BYTES), dtype=np.float64)
    if not np.isfinite(times_s).all() or (np.diff(times_s) < 0).any():
        raise ValueError("pictures of a scene that are not in the order of time")
    pixels = np.frombuffer(connection.recv_bytes(MAX_RAW_PICTURE_BYTES), dtype=np.uint8)
    return times_s.reshape(count), pixels
