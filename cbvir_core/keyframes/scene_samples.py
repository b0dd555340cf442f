"""What is kept of the samples of the scene that lasts, until the detector knows where the scene ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from cbvir_core.types import Keyframe

T = TypeVar("T")


class NumberedSample(NamedTuple, Generic[T]):
    """What is kept of one sample; `number` counts the samples of the video."""

    number: int
    time_s: float
    kept: T


class SceneSamples(Generic[T]):
    """The samples of the scene that lasts, in the order of time; at most twice `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[NumberedSample[T]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, time_s: float, kept: T) -> None:
        """Add a sample; samples come in the order of time."""
        if len(self._waiting) == 2 * self._limit:
            self._waiting = _thinned(self._waiting, self._limit)
        self._waiting.append(NumberedSample(self._pushed, time_s, kept))
        self._pushed += 1

    def take_until(self, end_s: float) -> list[NumberedSample[T]]:
        """Take out the samples before `end_s`; return at most `limit` of them, with the first."""
        count = sum(one.time_s < end_s for one in self._waiting)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return _thinned(taken, self._limit)


def span_ends(keyframes: Sequence[Keyframe], *, last: bool) -> Iterator[tuple[Keyframe, float]]:
    """Yield keyframes, whose spans follow one another, each with the time before which its samples lie.

    The sample at the end of a span belongs to the next span.  At the end of the video (`last`) it belongs to
    the last span.
    """
    for place, keyframe in enumerate(keyframes, start=1):
        yield keyframe, math.inf if last and place == len(keyframes) else keyframe.scene_end_s


def _thinned(waiting: list[NumberedSample[T]], limit: int) -> list[NumberedSample[T]]:
    """Return at most `limit`, with the first: every 2nd, 4th, 8th... sample by its number.

    Counting by number keeps samples that were thinned before and those added since equally dense.
    """
    step = 1
    while waiting and waiting[-1].number - waiting[0].number >= step * limit:
        step *= 2
    return [one for one in waiting if (one.number - waiting[0].number) % step == 0]
