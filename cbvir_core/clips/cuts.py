"""Cuts of a clip, at which segments end: the clip goes on with something else there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cbvir_core.align import AlignedSegment
from cbvir_core.keyframes import CUT_REACH_S
from cbvir_core.types import Span

INTERIOR_S = 0.1
"""Seconds from the ends of the clip within which a segment ends with the clip, not at a cut."""


class ClipCuts:
    """Moves the ends of segments of one clip to its cuts; each place of the clip is decoded once.

    `cut_near` gives the time of the cut that is nearest to a time of the clip.
    """

    def __init__(self, cut_near: Callable[[float], float | None], clip: Span) -> None:
        self._cut_near, self._clip = cut_near, clip
        self._known: dict[float, float | None] = {}

    def snapped(self, segment: AlignedSegment) -> AlignedSegment:
        """Return the segment with each end inside the clip at the nearest cut, where there is one near it.

        Raises what `cut_near` raises.
        """
        start_s, end_s = (self._moved(time_s) for time_s in segment.query)
        if end_s - start_s <= CUT_REACH_S:
            return segment
        shown = segment.time_in_video(start_s), segment.time_in_video(end_s)
        return replace(segment, query=(start_s, end_s), span=(max(0.0, min(shown)), max(shown)))

    def _moved(self, time_s: float) -> float:
        if time_s - self._clip[0] <= INTERIOR_S or self._clip[1] - time_s <= INTERIOR_S:
            return time_s
        key = round(time_s, 2)
        if key not in self._known:
            self._known[key] = self._cut_near(time_s)
        found = self._known[key]
        return time_s if found is None else found
