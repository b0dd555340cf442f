"""Frames of films at their presentation times, read without the code that is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import av
import numpy as np

from cbvir_core.types import Image

EQUAL_LOOKING_LEVELS = 2.0
"""Mean difference in grey levels below which two frames look the same."""

HALF_FRAME_S = 0.5 / 60


def frames_from(path: Path, start_s: float = 0.0) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield the frames of a film from the last I-frame before `start_s` on, with their times in seconds.

    Times count from the container's own start, as a player shows them.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        assert stream.time_base is not None, "films have one"
        first = stream.start_time or 0
        if start_s > 0:
            container.seek(int(start_s / stream.time_base) + first, stream=stream)
        for frame in container.decode(stream):
            if frame.pts is not None:
                yield float((frame.pts - first) * stream.time_base), frame


def frames_at(path: Path, times_s: Iterable[float]) -> Iterator[tuple[float, Image]]:
    """Yield for each time the frame that is shown then, with its own time, in the order of the times."""
    wanted = sorted(times_s)
    shown: tuple[float, av.VideoFrame] | None = None
    for time_s, frame in frames_from(path):
        while wanted and shown is not None and wanted[0] < time_s:
            wanted.pop(0)
            yield shown[0], _image(shown[1])
        if not wanted:
            return
        shown = time_s, frame
    if shown is not None:
        for _ in wanted:
            yield shown[0], _image(shown[1])


def looks_equal(path: Path, time_s: float, other_s: float) -> bool:
    """Return whether the frames at two times of a film look the same."""
    return difference(_at(path, round(time_s, 4)), _at(path, round(other_s, 4))) < EQUAL_LOOKING_LEVELS


def span_shows(path: Path, start_s: float, end_s: float, time_s: float) -> bool:
    """Return whether any frame of a span looks as the frame at `time_s` does."""
    true = _at(path, round(time_s, 4))
    for at_s, frame in frames_from(path, start_s):
        if at_s > end_s + HALF_FRAME_S:
            return False
        if at_s >= start_s - HALF_FRAME_S and difference(_image(frame), true) < EQUAL_LOOKING_LEVELS:
            return True
    return False


def difference(first: Image, second: Image) -> float:
    """Return the mean difference of two pictures of one size in grey levels."""
    return float(np.abs(first.astype(np.int16) - second).mean())


@lru_cache(maxsize=64)
def _at(path: Path, time_s: float) -> Image:
    """Return the frame whose time is nearest."""
    best: tuple[float, av.VideoFrame] | None = None
    for at_s, frame in frames_from(path, max(0.0, time_s)):
        if best is not None and abs(at_s - time_s) > abs(best[0] - time_s):
            break
        best = at_s, frame
    if best is None:
        raise ValueError(f"{path} has no frame at {time_s} s")
    return _image(best[1])


def _image(frame: av.VideoFrame) -> Image:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
