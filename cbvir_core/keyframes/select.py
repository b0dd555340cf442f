"""Which frame of a cluster becomes its keyframe.

The paper does not say; the published code takes one by position, which is often a blurred frame, a
black one or the middle of a dissolve.  Here the frame with the highest product of two numbers wins:
how sharp it is (`picture_quality`) and how near its histogram is to the cluster's centroid.  A blank frame
(`cbvir_core.decode.blank`) wins only against others.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cbvir_core.decode.blank import is_blank
from cbvir_core.keyframes.histogram import Vector
from cbvir_core.types import Frame, Image

CANDIDATES_PER_CLUSTER = 4
"""Pictures held per cluster; an even number."""

NEARNESS_POWER = 8
"""Weight of nearness against sharpness: a sample at cosine .95 must be half as sharp again to win
against one at the centroid."""

TYPICAL_DETAIL = 20.0
"""Standard deviation of the Laplacian of an ordinary sharp frame; such a frame has quality 0.5."""

MIN_CONTENT_QUALITY = 1e-3
"""Of a picture that is not blank, however blurred: 0 says that there is nothing to see."""

BLACK_LEVEL, WHITE_LEVEL = 24.0, 231.0
"""Mean grey levels under and over which a blank picture is black or white."""


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """How good a picture is to look at: quality in [0, 1], and whether it is plain black or white."""

    quality: float
    empty: bool


@dataclass(frozen=True, slots=True, eq=False)
class FrameSample:
    """A frame that was looked at: its picture, its feature vector h(I), its quality, its layout."""

    frame: Frame
    vector: Vector
    look: PictureQuality
    layout: Vector

    @property
    def time_s(self) -> float:
        """The frame's presentation time."""
        return self.frame.time_s


def picture_quality(small: Image) -> PictureQuality:
    """The quality of a small picture: 0 if it is blank, otherwise rising with contrast and detail.

    Motion blur, defocus, dissolves and fades all lower it.  It compares frames of one scene; across
    scenes it only says whether there is anything to see.
    """
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    if is_blank(small):
        return PictureQuality(0.0, not BLACK_LEVEL <= mean <= WHITE_LEVEL)
    detail = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0])
    contrast = min(1.0, deviation / 24)
    return PictureQuality(max(MIN_CONTENT_QUALITY, contrast * detail / (detail + TYPICAL_DETAIL)), False)


class KeyframeCandidates:
    """The few frames of a cluster that may become its keyframe: the best of each equal part of it.

    The final centroid is not known while the cluster grows, and under a panning camera it ends up
    among frames that were once far from it.  So the parts are kept, not the best so far: when there
    are more than `CANDIDATES_PER_CLUSTER`, neighbours are merged and from then on a part is twice as long.
    """

    def __init__(self) -> None:
        self._parts: list[FrameSample] = []
        self._length = 1  # samples to a part
        self._filled = 0  # of them in the last one

    def offer(self, sample: FrameSample, centroid: Vector) -> None:
        """Takes the sample in; within a part the present centroid decides."""
        if self._parts and self._filled < self._length:
            self._parts[-1] = _better(self._parts[-1], sample, centroid)
            self._filled += 1
            return
        if len(self._parts) == CANDIDATES_PER_CLUSTER:
            pairs = zip(self._parts[::2], self._parts[1::2], strict=True)
            self._parts = [_better(one, other, centroid) for one, other in pairs]
            self._length *= 2
        self._parts.append(sample)
        self._filled = 1

    def best(self, centroid: Vector) -> FrameSample:
        """The winner against the final centroid.  There must have been an offer."""
        return max(self._parts, key=lambda kept: _score(kept, centroid))


def _better(one: FrameSample, other: FrameSample, centroid: Vector) -> FrameSample:
    return one if _score(one, centroid) >= _score(other, centroid) else other


def _score(sample: FrameSample, centroid: Vector) -> tuple[bool, float]:
    """The greater the better; any frame with content is better than any without."""
    nearness = cosine(sample.vector, centroid) ** NEARNESS_POWER
    quality = sample.look.quality
    return (True, nearness * quality) if quality > 0 else (False, nearness)


def cosine(a: Vector, b: Vector) -> float:
    """Equation 2; 0 where one of the vectors is zero."""
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0
