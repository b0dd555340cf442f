"""What speaks for a segment, and how probably it is one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cbvir_core.align import AlignedSegment
from cbvir_core.clips.windows import Window
from cbvir_core.search.confidence import logistic
from cbvir_core.store import KeyframeRow

CLIP_FIGURES = ("score", "similarity", "contrast", "length", "agrees", "disagrees")
"""What the model weighs, after its constant."""

CLIP_WEIGHTS = (-12.3578, 5.3537, 2.2186, 3.8685, 3.1699, 7.2143, 0.0)
"""Fitted to 216 copies of parts of films, changed in eighteen ways, and of films that were not there."""


@dataclass(frozen=True, slots=True)
class FoundSegment:
    """A segment with the window that it was found in, and the scenes of that.

    `contrast` is by how much the similarity of its frames exceeds that of the same frames of the clip with
    the rest of the window, the median.
    """

    window: Window
    segment: AlignedSegment
    contrast: float
    scenes: tuple[KeyframeRow, ...]


@dataclass(frozen=True, slots=True)
class SegmentEvidence:
    """What is known of a segment: of `compared` frames, the local features of `agreeing` ones agree."""

    found: FoundSegment
    compared: int
    agreeing: int

    def figures(self) -> list[float]:
        """Return the numbers that the model weighs, each about 1 at most."""
        segment = self.found.segment
        length_s = segment.query[1] - segment.query[0]
        return [
            math.log1p(segment.score) / 2.0,
            segment.similarity,
            self.found.contrast,
            math.log(max(0.3, length_s)) / 3.0,
            float(self.agreeing > 0),
            float(self.compared > 0 and not self.agreeing),
        ]

    @property
    def probability(self) -> float:
        """How probably the video shows this part of the clip, in [0, 1]."""
        return logistic(CLIP_WEIGHTS, self.figures())
