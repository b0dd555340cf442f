"""The frames of a scene, grey and as small as thumbnails, read within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from cbvir_core.decode.span import SpanReader
from cbvir_core.geometry import Size
from cbvir_core.types import Grey, Span, VideoInfo

MAX_FRAMES_HELD = 750
"""Frames held at once, 30 s of film: at most 7 MB, and 28 MB of the largest."""


class TimeBudget:
    """A limit of time, from the moment it is made; the clock, in seconds, is an argument."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds, self._begun = clock, seconds, clock()

    def is_spent(self, share: float = 1.0) -> bool:
        """Return whether that share of the time is over."""
        return self._clock() - self._begun >= self._seconds * share


@dataclass(frozen=True, slots=True, eq=False)
class FrameSequence:
    """Frames in the order of time, all of one size.

    `complete` says that they are all that there are; `decoded` how many were decoded to get them.
    """

    times_s: tuple[float, ...] = ()
    frames: tuple[Grey, ...] = field(default=(), repr=False)
    complete: bool = True
    decoded: int = 0

    def nearest(self, time_s: float) -> int:
        """Return the index of the frame nearest to a time."""
        return int(np.argmin(np.abs(np.array(self.times_s) - time_s)))

    def joined(self, other: FrameSequence) -> FrameSequence:
        """Return the frames of both in the order of time; of two at one time the other's is kept."""
        frames = dict(zip(self.times_s + other.times_s, self.frames + other.frames, strict=True))
        times_s = tuple(sorted(frames))
        return FrameSequence(
            times_s=times_s,
            frames=tuple(frames[time_s] for time_s in times_s),
            complete=self.complete and other.complete,
            decoded=self.decoded + other.decoded,
        )


def read_frame_sequence(
    info: VideoInfo, span: Span, stop: Callable[[], bool], size: Size, *, only_keys: bool = False
) -> FrameSequence:
    """Read the frames of a span until all are read, `stop` says so, or `MAX_FRAMES_HELD` are held.

    With `only_keys` only intra frames are read.  All frames come out in one `size`, width and height, also in
    a video that changes its own.  Raise what `SpanReader` raises.
    """
    times_s: list[float] = []
    frames: list[Grey] = []
    side = max(size)
    with SpanReader(info.path, *span, max_side=side, only_keys=only_keys, stop=stop, info=info) as reader:
        for frame in reader:
            if len(frames) == MAX_FRAMES_HELD:
                return FrameSequence(tuple(times_s), tuple(frames), False, reader.decoded)
            times_s.append(frame.time_s)
            grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
            frames.append(np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8))
        return FrameSequence(tuple(times_s), tuple(frames), not reader.stopped, reader.decoded)
