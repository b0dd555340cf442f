"""The choice of the frame of a cluster that becomes its keyframe.

The paper does not say which; the published code takes one by position, which is often a blurred frame, a
black one or the middle of a dissolve.  Here the frame with the highest product of two numbers is taken:
how sharp it is (`picture_quality`) and how near its histogram is to the cluster's centroid.  A blank frame
(`cbvir_core.decode.blank`) is taken only if all are blank.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cbvir_core.decode import is_blank
from cbvir_core.keyframes.histogram import Vector
from cbvir_core.types import Frame, Image

CANDIDATES_PER_CLUSTER = 4
"""Pictures that are held for each cluster; an even number."""

NEARNESS_POWER = 8
"""Exponent of nearness, its weight against sharpness: a sample at cosine .95 is taken instead of one at the
centroid if it is half as sharp again."""

TYPICAL_DETAIL = 20.0
"""Standard deviation of the Laplacian of an ordinary sharp frame; such a frame has quality 0.5."""

MIN_CONTENT_QUALITY = 1e-3
"""Quality of a picture that is not blank, at least, however blurred: 0 means that there is nothing to see."""

BLACK_LEVEL, WHITE_LEVEL = 24.0, 231.0
"""Mean grey levels below and above which a blank picture is black or white."""


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """How sharp and rich in contrast a picture is, in [0, 1], and whether it is plain black or white."""

    value: float
    black_or_white: bool


@dataclass(frozen=True, slots=True, eq=False)
class FrameSample:
    """A frame with its feature vector h(I), its quality and its layout."""

    frame: Frame
    vector: Vector
    quality: PictureQuality
    layout: Vector

    @property
    def time_s(self) -> float:
        """The frame's presentation time."""
        return self.frame.time_s


def picture_quality(small: Image) -> PictureQuality:
    """Return the quality of a small picture: 0 if it is blank, otherwise rising with contrast and detail.

    Motion blur, defocus, dissolves and fades all lower it.  It compares frames of one scene; between
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
    among frames that were once far from it.  So the best of each part is kept, not the best so far.  When
    there are more than `CANDIDATES_PER_CLUSTER` parts, neighbours are merged, and each further part is twice
    as long.
    """

    def __init__(self) -> None:
        self._parts: list[FrameSample] = []
        self._length = 1  # samples to a part
        self._filled = 0  # of them in the last one

    def offer(self, sample: FrameSample, centroid: Vector) -> None:
        """Add a sample; within a part the one nearer to the present centroid, and sharper, is kept."""
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
        """Return the best sample for the final centroid.  There must have been a sample."""
        return max(self._parts, key=lambda kept: _rank(kept, centroid))


def _better(one: FrameSample, other: FrameSample, centroid: Vector) -> FrameSample:
    return one if _rank(one, centroid) >= _rank(other, centroid) else other


def _rank(sample: FrameSample, centroid: Vector) -> tuple[bool, float]:
    """Return a rank, the greater the better; any frame with content is better than any without."""
    nearness = cosine(sample.vector, centroid) ** NEARNESS_POWER
    quality = sample.quality.value
    return (True, nearness * quality) if quality > 0 else (False, nearness)


def cosine(a: Vector, b: Vector) -> float:
    """Return the cosine of two vectors (equation 2); 0 where one of them is zero."""
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0
