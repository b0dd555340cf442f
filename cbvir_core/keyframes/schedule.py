"""When samples are judged, and in which basis: the online form and the paper's batch form.

Both take samples and give back those that are now ready, with the basis to judge them in.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from cbvir_core.keyframes.basis import LOOKAHEAD_SAMPLES, Basis, SlidingBasis, SubMatrixBasis
from cbvir_core.keyframes.select import FrameSample

ReadySamples = list[tuple[FrameSample, Basis]]

MAX_WINDOW_SAMPLES = 180
"""Of a window or a sub-matrix, whatever the sampling rate: 60 s at three a second.  Bounds memory."""


class Schedule(Protocol):
    """Holds samples until they can be judged."""

    def push(self, sample: FrameSample) -> ReadySamples:
        """Takes a sample in; gives what is ready, in the order of time."""

    def flush(self) -> ReadySamples:
        """The rest, at the end of the video."""


class SlidingSchedule:
    """Online: a sample is judged `LOOKAHEAD_SAMPLES` samples after it came, in the basis of the sliding window.

    Holds LOOKAHEAD_SAMPLES pictures.
    """

    def __init__(self, samples: int, rank: int) -> None:
        self._basis = SlidingBasis(samples, rank)
        self._waiting: deque[FrameSample] = deque()

    def push(self, sample: FrameSample) -> ReadySamples:
        """Takes a sample in; gives the one that has waited long enough."""
        self._basis.push(sample.vector)
        self._waiting.append(sample)
        return [(self._waiting.popleft(), self._basis)] if len(self._waiting) > LOOKAHEAD_SAMPLES else []

    def flush(self) -> ReadySamples:
        """The last few."""
        ready: ReadySamples = [(sample, self._basis) for sample in self._waiting]
        self._waiting.clear()
        return ready


class SubMatrixSchedule:
    """Batch: samples wait for the end of their sub-matrix and are judged in its own SVD.

    Holds the pictures of a whole sub-matrix, so a long side for them should be given.
    """

    def __init__(self, length_s: float, rank: int) -> None:
        self._length_s, self._rank = length_s, rank
        self._waiting: list[FrameSample] = []

    def push(self, sample: FrameSample) -> ReadySamples:
        """Takes a sample in; gives a whole sub-matrix when the sample begins the next."""
        full = len(self._waiting) >= MAX_WINDOW_SAMPLES or (
            bool(self._waiting) and sample.time_s - self._waiting[0].time_s >= self._length_s
        )
        ready = self.flush() if full else []
        self._waiting.append(sample)
        return ready

    def flush(self) -> ReadySamples:
        """The sub-matrix as far as it came."""
        if not self._waiting:
            return []
        basis = SubMatrixBasis(np.stack([sample.vector for sample in self._waiting]), self._rank)
        ready: ReadySamples = [(sample, basis) for sample in self._waiting]
        self._waiting = []
        return ready
