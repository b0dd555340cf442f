"""Schedules say when a sample is judged, and in which basis: the online form and the paper's batch form.

Both take samples and return those that are ready to be judged, each with the basis to judge it in.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from cbvir_core.keyframes.basis import LOOKAHEAD_SAMPLES, Basis, SlidingBasis, SubMatrixBasis
from cbvir_core.keyframes.select import FrameSample

ReadySamples = list[tuple[FrameSample, Basis]]

MAX_WINDOW_SAMPLES = 180
"""Samples of a window or a sub-matrix at most, which bounds memory: 60 s at three a second."""


class Schedule(Protocol):
    """A store of samples until they can be judged."""

    def push(self, sample: FrameSample) -> ReadySamples:
        """Take a sample; return those that are ready, in the order of time."""

    def flush(self) -> ReadySamples:
        """Return the rest, at the end of the video."""


class SlidingSchedule:
    """The online form: a sample is judged `LOOKAHEAD_SAMPLES` later, in the basis of a sliding window.

    It holds `LOOKAHEAD_SAMPLES` pictures.
    """

    def __init__(self, samples: int, rank: int) -> None:
        self._basis = SlidingBasis(samples, rank)
        self._waiting: deque[FrameSample] = deque()

    def push(self, sample: FrameSample) -> ReadySamples:
        """Take a sample; return the one that `LOOKAHEAD_SAMPLES` have followed."""
        self._basis.push(sample.vector)
        self._waiting.append(sample)
        return [(self._waiting.popleft(), self._basis)] if len(self._waiting) > LOOKAHEAD_SAMPLES else []

    def flush(self) -> ReadySamples:
        """Return the last samples."""
        ready: ReadySamples = [(sample, self._basis) for sample in self._waiting]
        self._waiting.clear()
        return ready


class SubMatrixSchedule:
    """The batch form: samples wait for the end of their sub-matrix and are judged in its own SVD.

    It holds the pictures of a whole sub-matrix, so they should be bounded in size.
    """

    def __init__(self, length_s: float, rank: int) -> None:
        self._length_s, self._rank = length_s, rank
        self._waiting: list[FrameSample] = []

    def push(self, sample: FrameSample) -> ReadySamples:
        """Take a sample; return the whole sub-matrix before it when the sample begins the next one."""
        full = len(self._waiting) >= MAX_WINDOW_SAMPLES or (
            bool(self._waiting) and sample.time_s - self._waiting[0].time_s >= self._length_s
        )
        ready = self.flush() if full else []
        self._waiting.append(sample)
        return ready

    def flush(self) -> ReadySamples:
        """Return the samples of the unfinished sub-matrix."""
        if not self._waiting:
            return []
        basis = SubMatrixBasis(np.stack([sample.vector for sample in self._waiting]), self._rank)
        ready: ReadySamples = [(sample, basis) for sample in self._waiting]
        self._waiting = []
        return ready
