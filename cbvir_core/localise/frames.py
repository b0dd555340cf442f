"""Looking at a scene: its frames as grey thumbnails, within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from cbvir_core.decode.span import SpanReader
from cbvir_core.geometry import Size
from cbvir_core.types import Grey, VideoInfo

Span = tuple[float, float]

MOST_FRAMES = 750
"""Thumbnails held at once, 30 s of film: at most 7 MB, and 28 MB of the largest."""


class Budget:
    """How much time is left; the clock, in seconds, is an argument."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds, self._begun = clock, seconds, clock()

    def used(self, share: float = 1.0) -> bool:
        """Whether that share of the time is over."""
        return self._clock() - self._begun >= self._seconds * share


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The frames that were seen, in the order of time.

    `complete` says that they are all that there are; `decoded` how many were decoded to get them.
    """

    times_s: tuple[float, ...] = ()
    frames: tuple[Grey, ...] = field(default=(), repr=False)
    complete: bool = True
    decoded: int = 0

    def nearest(self, time_s: float) -> int:
        """The number of the frame nearest to a time."""
        return int(np.argmin(np.abs(np.array(self.times_s) - time_s)))

    def joined(self, other: Look) -> Look:
        """Both together."""
        frames = dict(zip(self.times_s + other.times_s, self.frames + other.frames, strict=True))
        times = tuple(sorted(frames))
        whole = self.complete and other.complete
        return Look(times, tuple(frames[time_s] for time_s in times), whole, self.decoded + other.decoded)


def look(
    info: VideoInfo, span: Span, stop: Callable[[], bool], size: Size, *, only_keys: bool = False
) -> Look:
    """Looks at the frames of a span until they are all seen, or it is to stop, or they are too many.

    All are of one `size`, width and height, also in a video that changes its own.  Raises what
    `SpanReader` raises.
    """
    times: list[float] = []
    frames: list[Grey] = []
    side = max(size)
    with SpanReader(info.path, *span, max_side=side, only_keys=only_keys, stop=stop, info=info) as reader:
        for frame in reader:
            if len(frames) == MOST_FRAMES:
                return Look(tuple(times), tuple(frames), False, reader.decoded)
            times.append(frame.time_s)
            grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
            frames.append(np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8))
        return Look(tuple(times), tuple(frames), not reader.stopped, reader.decoded)
