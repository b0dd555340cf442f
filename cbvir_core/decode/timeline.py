"""Presentation times from PTS, and the choice of the frames that are sampled."""

from __future__ import annotations

from fractions import Fraction

CLOCK_RESTART_S = Fraction(1)
"""PTS that jump back by more than this begin anew (a recording joined of two); by less they are disorder."""

EARLY_SHARE = Fraction(1, 20)
"""Share of an interval by which a frame may be early: Matroska rounds 1/3 s to 0.333 s."""


class Timeline:
    """A conversion of PTS to presentation times that begin at 0 or later and always grow.

    A PTS that is missing, or repeats or precedes the last one, is one frame's duration after the
    last.  After a large step back time goes on from where it was, so that no part of a joined
    recording covers another.
    """

    def __init__(self, time_base: Fraction, start: Fraction, frame_s: Fraction) -> None:
        self._time_base = time_base
        self._offset = -start
        self._frame_s = frame_s
        self._last: Fraction | None = None

    def at(self, pts: int | None) -> Fraction:
        """Return the presentation time in seconds of the next frame in presentation order."""
        following = Fraction(0) if self._last is None else self._last + self._frame_s
        time = following if pts is None else pts * self._time_base + self._offset
        if self._last is not None and time <= self._last:
            if self._last - time > CLOCK_RESTART_S:
                self._offset += following - time
            time = following
        self._last = max(time, Fraction(0))
        return self._last


class Sampler:
    """A choice of frames on a grid of `samples_per_s` that begins at the first frame; None: all frames."""

    def __init__(self, samples_per_s: float | None) -> None:
        self.interval = Fraction(0) if samples_per_s is None else interval_of(samples_per_s)
        self._first: Fraction | None = None
        self._due = Fraction(0)
        self._taken = Fraction(0)

    def wants(self, time: Fraction) -> bool:
        """Return whether the frame at `time` is the first at or after the next point of the grid."""
        if self._first is None:
            self._first = self._due = time
        if time < self._due:
            return False
        self._taken = time
        if self.interval:
            early = self.interval * EARLY_SHARE
            passed = (time + early - self._first) // self.interval
            self._due = self._first + (passed + 1) * self.interval - early
        return True

    def wants_last(self, time: Fraction) -> bool:
        """Return whether to take the film's last frame: half an interval or more after the last sample."""
        return self._first is not None and time - self._taken >= self.interval / 2


def interval_of(samples_per_s: float) -> Fraction:
    """Return the time between samples in seconds.  Raises ValueError unless the rate is above 0."""
    rate = Fraction(samples_per_s).limit_denominator(10_000)
    if rate <= 0:
        raise ValueError(f"samples_per_s must be above 0, not {samples_per_s}")
    return 1 / rate
