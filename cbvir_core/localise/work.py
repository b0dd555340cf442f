"""How much one moment may take.  Counts decide, so that a slow machine answers later and not otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_FRAMES_DECODED = 1000
"""Frames decoded for one moment at most, those on the way to the scene included.

From the I-frame before a place to the place there are up to 250 frames with x264's defaults, and the likely
parts of a scene begin behind up to three of them."""

MAX_INTRA_FRAMES = 150
"""Intra frames decoded at most to find the likely part of a scene of which there are no thumbnails."""

LAST_RESORT_S = 20.0
"""Seconds after which a moment is given up.  The counts are used up before: on two cores with fifteen other
processes, one moment in twenty of a film with long GOPs took more than 5 s."""

TIME_WAS_OVER = "Time was over before all frames were compared, so another run may give another frame."
WORK_WAS_OVER = "The likely frame lies behind more frames than are decoded for one question."


class TimeBudget:
    """A limit of time, from the moment it is made; the clock, in seconds, is an argument."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds, self._begun = clock, seconds, clock()

    def is_spent(self) -> bool:
        """Return whether the time is over."""
        return self._clock() - self._begun >= self._seconds


class WorkBudget:
    """A limit of decoded frames, and of time as a last resort.

    `decoded` counts the frames, `late` says that time ended the work.  Two budgets may share one time.
    """

    def __init__(self, max_frames: int, time_budget: TimeBudget) -> None:
        self._max_frames, self._time = max_frames, time_budget
        self.decoded, self.late = 0, False

    def count_frame(self) -> bool:
        """Count a decoded frame; return whether it was the last that may be decoded."""
        self.decoded += 1
        return self.is_spent()

    def is_spent(self) -> bool:
        """Return whether no more frame may be decoded."""
        return self.decoded >= self._max_frames or self.is_late()

    def is_late(self) -> bool:
        """Return whether time is over, the last resort."""
        self.late = self.late or self._time.is_spent()
        return self.late

    def sharing_time(self, max_frames: int) -> WorkBudget:
        """Return a budget of frames of its own that ends at the same time."""
        return WorkBudget(max_frames, self._time)

    @property
    def reason(self) -> str:
        """In a sentence, what ended the work."""
        return TIME_WAS_OVER if self.late else WORK_WAS_OVER
