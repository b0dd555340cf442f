"""What speaks for a segment, and how probably it is one."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from cbvir_core.align import AlignedSegment, FrameTimes, SimilarityMatrix
from cbvir_core.clips.windows import Window
from cbvir_core.search.confidence import logistic
from cbvir_core.store import KeyframeRow
from cbvir_core.types import Floats

CLIP_FIGURES = ("score", "similarity", "contrast", "length", "agrees", "disagrees")
"""What the model weighs, after its constant."""

CLIP_MODEL_FILE = "clip_confidence.json"
"""The weights of the model, beside this file; ``python -m bench.measure.clip_confidence --write`` fits it."""


@dataclass(frozen=True, slots=True)
class FoundSegment:
    """A segment with the window that it was found in, the scenes of that, and their similarity matrix.

    `contrast` is by how much the similarity of its frames exceeds that of the same frames of the clip with
    the rest of the window, the median.
    """

    window: Window
    segment: AlignedSegment
    contrast: float
    scenes: tuple[KeyframeRow, ...] = field(repr=False)
    matrix: SimilarityMatrix = field(repr=False, compare=False)


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
        return logistic(clip_weights(), self.figures())


@cache
def clip_weights() -> tuple[float, ...]:
    """Return the weights that come with cbvir: a constant, then one for each of `CLIP_FIGURES`."""
    text = (resources.files("cbvir_core.clips") / CLIP_MODEL_FILE).read_text("utf-8")
    return tuple(float(weight) for weight in json.loads(text)["weights"])


def segment_contrast(segment: AlignedSegment, times_s: FrameTimes, usual: Floats) -> float:
    """Return the `contrast` of a segment.

    `times_s` are those of the N frames of the clip; `usual` is how similar each is to the whole window.
    """
    inside = (times_s >= segment.query[0]) & (times_s <= segment.query[1])
    return segment.similarity - float(usual[inside].mean()) if inside.any() else 0.0
