"""Cuts of a clip, at which segments end: the clip goes on with something else there."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.align import AlignedSegment
from cbvir_core.decode import SpanReader, thumbnail
from cbvir_core.types import Span

REACH_S = 0.5
"""Seconds around the end of a segment in which a cut is looked for: samples are a third of a second apart."""

MIN_CUT_LEVELS = 12.0
"""Mean difference in grey levels of two frames from which on there may be a cut between them."""

MIN_CUT_RATIO = 3.0
"""Times the median difference of neighbouring frames around it that a cut differs by: more than motion."""

INTERIOR_S = 0.1
"""Seconds from the ends of the clip within which a segment ends with the clip, not at a cut."""


class ClipCuts:
    """Moves the ends of segments of one clip to its cuts; each place of the clip is decoded once."""

    def __init__(self, path: Path, clip: Span) -> None:
        self._path, self._clip = path, clip
        self._known: dict[float, float | None] = {}

    def snapped(self, segment: AlignedSegment) -> AlignedSegment:
        """Return the segment with each end inside the clip at the nearest cut, where there is one near it.

        Raises what `SpanReader` raises.
        """
        start_s, end_s = (self._moved(time_s) for time_s in segment.query)
        if end_s - start_s <= REACH_S:
            return segment
        shown = segment.time_in_video(start_s), segment.time_in_video(end_s)
        return replace(segment, query=(start_s, end_s), span=(max(0.0, min(shown)), max(shown)))

    def _moved(self, time_s: float) -> float:
        if time_s - self._clip[0] <= INTERIOR_S or self._clip[1] - time_s <= INTERIOR_S:
            return time_s
        key = round(time_s, 2)
        if key not in self._known:
            self._known[key] = cut_near(self._path, time_s)
        found = self._known[key]
        return time_s if found is None else found


def cut_near(path: Path, time_s: float) -> float | None:
    """Return the time of the first frame behind the cut that is nearest to a time of a video, if one is near.

    Raises what `SpanReader` raises.
    """
    with SpanReader(path, time_s - REACH_S, time_s + REACH_S, max_side=256) as frames:
        seen = [(frame.time_s, thumbnail(frame.image)) for frame in frames]
    if len(seen) < 3:
        return None
    times_s = np.array([at_s for at_s, _ in seen[1:]])
    differences = np.array([float(cv2.absdiff(one, other).mean()) for (_, one), (_, other) in pairwise(seen)])
    least = max(MIN_CUT_LEVELS, MIN_CUT_RATIO * float(np.median(differences)))
    cuts = times_s[differences >= least]
    return float(cuts[np.argmin(np.abs(cuts - time_s))]) if len(cuts) else None
