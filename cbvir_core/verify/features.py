"""Local features of a picture: RootSIFT at points that are strong and spread, and a small grey copy.

SIFT is Lowe's (IJCV 2004; OpenCV's), RootSIFT Arandjelović and Zisserman's (CVPR 2012): the square
root of the L1-normalised row, so that the dot product of two rows is the Bhattacharyya coefficient of
their histograms.  ``python -m bench.measure.verify`` prints the figures that this package quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.geometry import Size
from cbvir_core.types import Floats, Grey, Image

SIFT_ELEMENTS = 128
"""Elements of a SIFT row: 4 x 4 cells of 8 orientations."""

DESCRIBED_STEPS = 7
"""Steps of an element, 3 bits, of a picture that is described.  Of eleven clips 15, 7 and 3 steps verify the
same, and the tenth part of the pages with fewest inliers has 8.9, 8.0 and 7.9 of them."""

ROOT_SIFT_STEPS = 21
"""Steps in which rows are counted.  One of `DESCRIBED_STEPS` is 3 of these; one of the fewer steps of what is
kept of a still (`cbvir_core.verify.packing`) is 7.  So rows of both, and of any release, compare."""

ROOT_SIFT_TOP = 0.35
"""The RootSIFT value that the last step stands for; the few larger ones are cut."""

MIN_CONTRAST = 0.015
"""The least contrast of a point, as OpenCV counts it (its default is 0.04): dark films and blurred
pictures need the weak points, and the limit on their number keeps them out elsewhere."""

MIN_PICTURE_SIDE = 32
"""Pixels; a smaller picture has no features."""

SELECTION_CELLS = 8
"""The picture is divided into 8 x 8 cells when features are chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """What `verify` compares: N points of a picture, and the picture itself very small.

    - `width`, `height`: of the picture, in the pixels that `points` and `sizes` are in.
    - `points`: N x 2, x and y, the centre of the first pixel being (0, 0).
    - `sizes`: N, the diameter of the patch's core in pixels; `angles`: N, its orientation in degrees
      clockwise.
    - `rows`: N x 128 uint8, RootSIFT in steps of ``ROOT_SIFT_TOP / ROOT_SIFT_STEPS``.
    - `grey`: the picture in grey, shrunk, h x w uint8.
    """

    width: int
    height: int
    points: Floats = field(repr=False)
    sizes: Floats = field(repr=False)
    angles: Floats = field(repr=False)
    rows: npt.NDArray[np.uint8] = field(repr=False)
    grey: Grey = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def size(self) -> Size:
        """Width and height of the picture."""
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """How much of a picture is taken.

    - `long_side`: what the picture is shrunk to before points are looked for, pixels.
    - `max_points`: how many points are kept at most.
    - `grey_side`: long side of the small grey copy, pixels.
    - `steps`: steps of an element, of which `ROOT_SIFT_STEPS` is a multiple.
    """

    long_side: int
    max_points: int
    grey_side: int
    steps: int = DESCRIBED_STEPS


STILL_FEATURES = FeatureOptions(long_side=STILL_SIDE, max_points=256, grey_side=64)
"""What is kept of a still.  128 points and 400 verify as many of eleven clips, but of quarters of a picture
the weakest tenth has 6 and 18 inliers for 12."""

KEPT_FEATURES = replace(STILL_FEATURES, steps=ROOT_SIFT_STEPS)
"""What is taken of a still to be packed: of 7 steps, the 3 of what is kept would be rounded twice.  Then 292
of 323 true pairs verify, otherwise 296."""

QUERY_FEATURES = FeatureOptions(long_side=800, max_points=1000, grey_side=192)
"""What is taken of a query: more, because the still may be a small part of it."""


def describe(image: Image, options: FeatureOptions = STILL_FEATURES) -> LocalFeatures:
    """Return the local features of a picture, none for a blank or a tiny one.  Deterministic."""
    height, width = image.shape[:2]
    shrunk = fit_within(image, options.long_side)
    grey: Grey = np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_RGB2GRAY), np.uint8)
    small = fit_within(grey, options.grey_side)
    kept: Sequence[cv2.KeyPoint] = ()
    rows = np.zeros((0, SIFT_ELEMENTS), np.float32)
    if min(grey.shape) >= MIN_PICTURE_SIDE:
        sift = cv2.SIFT.create(contrastThreshold=MIN_CONTRAST, enable_precise_upscale=True)
        kept = _choose(sift.detect(grey, None), grey.shape, options.max_points)
    if kept:
        kept, rows = sift.compute(grey, kept)
    scale = np.array([width / grey.shape[1], height / grey.shape[0]], np.float32)
    points = np.array([point.pt for point in kept], np.float32).reshape(-1, 2)
    return LocalFeatures(
        width=width,
        height=height,
        points=(points + np.float32(0.5)) * scale - np.float32(0.5),
        sizes=np.array([point.size for point in kept], np.float32) * scale[0],
        angles=np.array([point.angle for point in kept], np.float32),
        rows=_quantise(_root_sift(rows), options.steps),
        grey=small,
    )


def mirrored(features: LocalFeatures) -> LocalFeatures:
    """Return the features that the picture would have if it were mirrored left to right.

    The picture itself is not needed: a mirrored patch has the same histogram with its rows of cells and the
    sense of its orientations turned round.
    """
    points = features.points.copy()
    points[:, 0] = features.width - 1 - points[:, 0]
    flipped = features.rows.reshape(-1, 4, 4, 8)[:, ::-1][..., -np.arange(8) % 8]
    return replace(
        features,
        points=points,
        angles=(np.float32(180) - features.angles) % np.float32(360),
        rows=np.ascontiguousarray(flipped.reshape(-1, SIFT_ELEMENTS)),
        grey=np.ascontiguousarray(features.grey[:, ::-1]),
    )


def _choose(detected: Sequence[cv2.KeyPoint], shape: tuple[int, ...], max_points: int) -> list[cv2.KeyPoint]:
    """Choose points: half of them the strongest of the picture, half the strongest of each cell in turn."""
    if len(detected) <= max_points:
        return list(detected)
    strength = np.array([point.response for point in detected])
    cells = np.array([point.pt for point in detected]) * SELECTION_CELLS / (shape[1], shape[0])
    columns, lines = np.minimum(cells.astype(np.int64), SELECTION_CELLS - 1).T
    order = np.argsort(-strength, kind="stable")
    strongest, others = order[: max_points // 2], order[max_points // 2 :]
    rank = _rank_within((lines * SELECTION_CELLS + columns)[others])
    spread = others[np.argsort(rank, kind="stable")][: max_points - len(strongest)]
    return [detected[number] for number in np.sort(np.concatenate([strongest, spread]))]


def _rank_within(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for every element how many elements of the same group come before it."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    rank = np.empty(len(groups), np.int64)
    rank[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    return rank


def _root_sift(rows: Floats) -> Floats:
    total = np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-6))
    return np.asarray(np.sqrt(rows / total), np.float32)


def _quantise(rows: Floats, steps: int) -> npt.NDArray[np.uint8]:
    """Return the elements in so many steps, counted in those of `ROOT_SIFT_STEPS`."""
    rounded = np.minimum(np.rint(rows * np.float32(steps / ROOT_SIFT_TOP)), steps)
    return np.asarray(rounded * (ROOT_SIFT_STEPS // steps), np.uint8)
