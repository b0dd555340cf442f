"""A part of a video as a short MP4 that every browser plays: H.264, and AAC where there is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from cbvir_core.decode.container import CONTAINER_OPTIONS
from cbvir_core.decode.probe import probe
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import DamagedVideo
from cbvir_core.types import Frame, VideoId, VideoInfo

EXCERPT_CLOCK = Fraction(1, 90_000)
"""Seconds of a unit of the pictures' times."""

X264_OPTIONS = {"preset": "veryfast", "crf": "25", "profile": "main"}
"""Quick rather than small."""

SOUND_RATE_HZ = 48_000

MAX_EXCERPT_S = 60.0
"""Seconds of the longest excerpt."""

H273_BT601 = 6
"""The matrix coefficients that the pictures are written with (ITU-T H.273)."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a video from `start_s` to `end_s`, at most `max_side` pixels, to be written to `target`.

    `video_id` is that of the video where it is known: a file that grows has an id of its own kind.
    """

    target: Path
    start_s: float
    end_s: float
    max_side: int
    video_id: VideoId | None = None


def write_excerpt(
    path: Path, excerpt: Excerpt, progress: Callable[[float], None] = lambda position_s: None
) -> None:
    """Write an excerpt of the video file at `path`; `progress` gets the position in the video, seconds.

    Pictures and sound keep their times, counted from `start_s`.  Sound that cannot be decoded is left out.
    Raises what `SpanReader` raises, and DamagedVideo where the part has no picture.
    """
    info = probe(path, like=excerpt.video_id)
    with SpanReader(path, excerpt.start_s, excerpt.end_s, max_side=excerpt.max_side, info=info) as frames:
        first = next(frames, None)
        if first is None:
            raise DamagedVideo(
                f"has no picture from {excerpt.start_s:g} s to {excerpt.end_s:g} s.", path=path
            )
        with (
            _open_sound(path) as source,
            av.open(str(excerpt.target), "w", format="mp4", options={"movflags": "+faststart"}) as output,
        ):
            pictures = _picture_stream(output, first, info)
            heard = next(iter(source.streams.audio), None)
            sound = None if heard is None else _sound_stream(output)
            for frame in _chained(first, frames):
                output.mux(pictures.encode(_picture(frame, excerpt.start_s)))
                progress(frame.time_s)
            output.mux(pictures.encode(None))
            if heard is not None and sound is not None:
                for samples in _samples(source, heard, info, excerpt):
                    output.mux(sound.encode(samples))
                output.mux(sound.encode(None))


def _chained(first: Frame, others: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from others


def _picture_stream(output: OutputContainer, first: Frame, info: VideoInfo) -> VideoStream:
    rate = Fraction(info.frames_per_s or 25.0).limit_denominator(1001)
    stream = output.add_stream("libx264", rate=rate, options=X264_OPTIONS)
    height, width = first.image.shape[:2]
    stream.width, stream.height = _even(width), _even(height)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = EXCERPT_CLOCK
    stream.codec_context.colorspace = H273_BT601
    return stream


def _picture(frame: Frame, start_s: float) -> VideoFrame:
    """Return a frame as it is encoded: of even sides, with its time in the excerpt."""
    height, width = frame.image.shape[:2]
    even = np.ascontiguousarray(frame.image[: _even(height), : _even(width)])
    picture = VideoFrame.from_ndarray(even, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU601
    )
    picture.time_base = EXCERPT_CLOCK
    picture.pts = round((frame.time - Fraction(start_s)) / EXCERPT_CLOCK)
    return picture


def _even(side: int) -> int:
    return max(2, side - side % 2)


def _open_sound(path: Path) -> InputContainer:
    return av.open(str(path), options=CONTAINER_OPTIONS, metadata_errors="replace")


def _sound_stream(output: OutputContainer) -> AudioStream:
    return output.add_stream("aac", rate=SOUND_RATE_HZ, layout="stereo", options={"b": "128k"})


def _samples(
    source: InputContainer, heard: AudioStream, info: VideoInfo, excerpt: Excerpt
) -> Iterator[AudioFrame]:
    """Yield the sound of the excerpt, with times in it; it ends early where it cannot be decoded."""
    unit = heard.time_base or Fraction(1, SOUND_RATE_HZ)
    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE_HZ)
    position: int | None = None
    try:
        if excerpt.start_s > 0:
            source.seek(int((Fraction(excerpt.start_s) + info.start) / unit), stream=heard)
        for decoded in source.decode(heard):
            if decoded.pts is None:
                continue
            time_s = float(decoded.pts * (decoded.time_base or unit) - info.start)
            if time_s > excerpt.end_s:
                return
            if time_s < excerpt.start_s:
                continue
            if position is None:
                position = round((time_s - excerpt.start_s) * SOUND_RATE_HZ)
            for samples in resampler.resample(decoded):
                samples.time_base, samples.pts = Fraction(1, SOUND_RATE_HZ), position
                position += samples.samples
                yield samples
    except av.FFmpegError:
        return
