"""Probing a file: whether it is a video, its duration, size and orientation, and its identity."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cbvir_core.decode.container import MICROSECOND, exact_start, open_video
from cbvir_core.decode.growing import GrowingFile
from cbvir_core.decode.identity import identity_like, regular_size
from cbvir_core.decode.orientation import Orientation, orientation_of
from cbvir_core.decode.scale import square_size
from cbvir_core.types import VideoId, VideoInfo

MAX_PACKETS_TO_FIRST_FRAME = 1000
"""Packets among which the first picture is looked for: an edit list may hide a whole group of pictures before
it.  Only a decoded picture tells the rotation in every container."""


def probe(path: str | Path, *, like: VideoId | None = None, growing: GrowingFile | None = None) -> VideoInfo:
    """Return what is known of a video once its first picture is decoded.

    The file's id is of the kind of `like`, an id that it may have: by its content, or that of a file which
    grows.  A file that is `growing` is read as a stream, and has the id of one.

    Raises NotAVideo (text, sound, a cover picture alone, a folder, an empty file), DamagedVideo (cut
    short before its index), FileUnreadable, FileChanged, DecodeMemory.
    """
    file_path = Path(path).absolute()
    video_id = identity_like(file_path, like) if growing is None else growing.video_id()
    container, stream = open_video(file_path, growing)
    with container:
        start = exact_start(container)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        frame = _first_frame(container, stream)
        orientation = orientation_of(frame) if frame else Orientation()
        width, height = square_size(stream.width, stream.height, aspect)
        return VideoInfo(
            path=file_path,
            video_id=video_id,
            size_bytes=regular_size(file_path) if growing is None else growing.size_bytes(),
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            width=height if orientation.swaps_sides else width,
            height=width if orientation.swaps_sides else height,
            rotation=orientation.rotation,
            sample_aspect=aspect,
            time_base=stream.time_base or MICROSECOND,
            start=start,
            duration_s=_duration_s(container, stream, start),
            frames_per_s=float(stream.average_rate) if stream.average_rate else None,
        )


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    packets = container.demux(stream)
    try:
        for packet in islice(packets, MAX_PACKETS_TO_FIRST_FRAME):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            if frames:
                return frames[0]
    except (av.FFmpegError, IndexError):
        return None
    return None


def _duration_s(container: InputContainer, stream: VideoStream, start: Fraction) -> float | None:
    """Return when the last picture ends in presentation time: by the stream, else by the container."""
    if stream.duration and stream.time_base:
        end = ((stream.start_time or 0) + stream.duration) * stream.time_base - start
        return float(end) if end > 0 else None
    if container.duration and container.duration > 0:
        return float(container.duration * MICROSECOND)
    return None
