"""A few pictures from all over a file, at the cost of one intra frame each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cbvir_core.decode.container import MICROSECOND, no_memory, open_video
from cbvir_core.decode.convert import Converter
from cbvir_core.types import Image

MAX_PACKETS_AFTER_SEEK = 2_000
"""Packets that are read after a seek at most; an intra frame should come first."""


def sample_intra_frames(
    path: str | Path, places: int = 24, *, max_side: int | None = None
) -> Iterator[Image]:
    """Yield upright pictures of the intra frames at `places` evenly spread points, in the order of time.

    It yields fewer where the file has fewer intra frames, cannot be sought in, does not tell its duration
    or is damaged: then only the first, or none.  Damaged frames are left out, not raised.

    Raises what `probe` raises for a file that cannot be opened, and DecodeMemory.
    """
    container, stream = open_video(Path(path))
    with container:
        try:
            yield from _pictures(container, stream, places, Converter(max_side))
        except MemoryError as error:
            raise no_memory(Path(path)) from error


def _pictures(
    container: InputContainer, stream: VideoStream, places: int, converter: Converter
) -> Iterator[Image]:
    stream.codec_context.skip_frame = "NONKEY"
    aspect = stream.sample_aspect_ratio or Fraction(1)
    seen: set[int | None] = set()
    for place in _places(container, places):
        try:
            if place is not None:
                container.seek(place)
            frame = _intra(container, stream, seen)
        except (av.FFmpegError, IndexError) as error:
            if isinstance(error, MemoryError):
                raise
            continue
        if frame is not None:
            yield converter.convert(frame, aspect)


def _places(container: InputContainer, places: int) -> list[int | None]:
    """Return container times to seek to, in microseconds; None is where the file begins."""
    duration, start = container.duration or 0, container.start_time or 0
    # The middles of equal parts: neither the black of the beginning nor that of the end.
    middles = [start + duration * (2 * part + 1) // (2 * places) for part in range(places)]
    return list(middles) if duration * MICROSECOND > 0 else [None]


def _intra(container: InputContainer, stream: VideoStream, seen: set[int | None]) -> VideoFrame | None:
    """Return the first intra frame from here on, unless it was found before."""
    for count, packet in enumerate(container.demux(stream)):
        if count > MAX_PACKETS_AFTER_SEEK or not packet.size:
            return None
        if not packet.is_keyframe:
            continue
        if packet.pts in seen:
            return None
        seen.add(packet.pts)
        frames = stream.decode(packet) or stream.decode(None)
        stream.codec_context.flush_buffers()
        return next((frame for frame in frames if not frame.is_corrupt), None)
    return None
