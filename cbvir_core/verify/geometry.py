"""The homography that the pairs agree on, and whether a camera, a crop or a page can have made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.verify.features import Floats, LocalFeatures
from cbvir_core.verify.match import Pairs

Matrix = npt.NDArray[np.float64]
Polygon = npt.NDArray[np.float32]
"""Corners in order, x and y: K x 2."""

ERROR = 4.0
"""Pixels of the still by which a point may miss; as many of the query where that is the coarser."""

LEAST_SCALE, MOST_SCALE = 1 / 8, 12.0
"""How much smaller or larger than in the query the shared part may be in the still."""

MOST_ASPECT = 2.5
"""How unevenly it may be stretched: a screen seen from 60 degrees is 2."""

MOST_PERSPECTIVE = 4.0
"""How much larger one corner's surroundings may be drawn than another's, in length."""

LEAST_AREA = 1.0
"""Square pixels of the query that must show the still."""

ITERATIONS = 2000


class Extent(Protocol):
    """Whatever has a width and a height in pixels."""

    @property
    def width(self) -> int:
        """Across."""

    @property
    def height(self) -> int:
        """Down."""


class Size(NamedTuple):
    """The extent of a picture."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A homography from query pixels to still pixels and the pairs that keep to it.

    `shared` is the part of the query in which the still is seen, in query pixels.
    """

    homography: Matrix
    pairs: Pairs
    shared: Polygon


def fits(query: LocalFeatures, still: LocalFeatures, pairs: Pairs, least: int) -> list[Fit]:
    """What most pairs keep to: a homography (MAGSAC++) and a similarity (RANSAC), those that are plausible.

    A homography through points of a small part goes astray outside it; the similarity cannot, but no
    screen is seen from the side with it.  `least` pairs must keep to it, points at one place counted once.
    """
    pairs = _once(query, still, pairs)
    if len(pairs) < least:
        return []
    source, target = query.points[pairs[:, 0]], still.points[pairs[:, 1]]
    finer = np.median(still.sizes[pairs[:, 1]] / query.sizes[pairs[:, 0]])
    error = ERROR * max(1.0, float(finer))
    found = []
    for estimate in (_homography, _similarity):
        matrix, kept = estimate(source, target, error)
        if matrix is None or kept.sum() < least:
            continue
        shared = shared_part(matrix, query, still)
        if shared is not None and plausible(matrix, shared):
            found.append(Fit(matrix, pairs[kept], shared))
    return found


def project(matrix: Matrix, points: Floats | Matrix) -> Matrix:
    """Points (N x 2) taken through a homography; infinite where they go to infinity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mapped = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
        return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def shared_part(matrix: Matrix, query: Extent, still: Extent) -> Polygon | None:
    """The query's part that shows the still: where the still lies, as far as that is in the query.

    None if that is nowhere, or if the still would come out folded or turned over.
    """
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        return None
    inverse: Matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    frame = corners(still)
    depth = frame @ inverse[2, :2] + inverse[2, 2]
    if depth.min() * depth.max() <= 0:
        return None
    quad = project(inverse, frame).astype(np.float32)
    if not cv2.isContourConvex(quad) or cv2.contourArea(quad, oriented=True) <= 0:
        return None
    shared = _cut(quad, query)
    return shared if len(shared) and cv2.contourArea(shared) >= LEAST_AREA else None


def plausible(matrix: Matrix, shared: Polygon) -> bool:
    """Whether size, aspect and perspective over the shared part are those of a picture of a picture."""
    places = np.vstack([shared, shared.mean(axis=0)])
    singular = np.array([np.linalg.svd(_jacobian(matrix, place), compute_uv=False) for place in places])
    if not np.isfinite(singular).all() or singular.min() <= 0:
        return False
    scales = np.sqrt(singular.prod(axis=1))
    middle = singular[-1]
    return bool(
        LEAST_SCALE <= scales[-1] <= MOST_SCALE
        and middle[0] / middle[1] <= MOST_ASPECT
        and scales.max() / scales.min() <= MOST_PERSPECTIVE
    )


def _cut(polygon: Polygon, picture: Extent) -> Polygon:
    """What of a convex polygon lies in the picture: one side after the other is cut off (Sutherland and
    Hodgman, CACM 1974).  OpenCV's `intersectConvexConvex` leaves parts outside where corners meet."""
    right, below = picture.width - 1.0, picture.height - 1.0
    for axis, limit, sign in ((0, 0.0, 1.0), (0, right, -1.0), (1, 0.0, 1.0), (1, below, -1.0)):
        within = sign * (polygon[:, axis].astype(np.float64) - limit)
        kept: list[npt.NDArray[np.floating]] = []
        for number, (depth, following) in enumerate(zip(within, np.roll(within, -1), strict=True)):
            start, end = polygon[number], polygon[(number + 1) % len(polygon)]
            if depth >= 0:
                kept.append(start)
            if depth * following < 0:
                kept.append(start + (end - start) * (depth / (depth - following)))
        polygon = np.array(kept, np.float32).reshape(-1, 2)
    return np.clip(polygon, 0, np.array([right, below], np.float32))


def outlines(matrix: Matrix, query: Extent, still: Extent) -> tuple[Matrix, Matrix] | None:
    """The part that both show, whether the query is mirrored or not: in query and in still pixels.

    None as `shared_part`.
    """
    for flip in (np.eye(3), flipping(query)):  # one way round the still would be turned over
        shared = shared_part(matrix @ flip, query, still)
        if shared is not None:
            return project(flip, shared), project(matrix @ flip, shared)
    return None


def flipping(picture: Extent) -> Matrix:
    """What mirrors a picture left to right."""
    return np.array([[-1.0, 0, picture.width - 1], [0, 1, 0], [0, 0, 1]])


def corners(picture: Extent) -> Polygon:
    """The corners of a picture, clockwise from the upper left, in its pixels."""
    right, below = picture.width - 1, picture.height - 1
    return np.array([[0, 0], [right, 0], [right, below], [0, below]], np.float32)


def _jacobian(matrix: Matrix, place: Polygon) -> Matrix:
    x, y, w = matrix @ (*place, 1.0)
    ends = np.array([[x], [y]]) / w
    return np.asarray((matrix[:2, :2] - ends * matrix[2, :2]) / w, np.float64)


def _once(query: LocalFeatures, still: LocalFeatures, pairs: Pairs) -> Pairs:
    """One pair per place: SIFT gives several points of different orientation at one."""
    places = np.hstack([query.points[pairs[:, 0]], still.points[pairs[:, 1]]]).round().astype(np.int64)
    for side in (places[:, :2], places[:, 2:]):
        _, first = np.unique(side, axis=0, return_index=True)
        keep = np.zeros(len(side), bool)
        keep[first] = True
        places[~keep] = -1
    return pairs[(places >= 0).all(axis=1)]


def _homography(source: Floats, target: Floats, error: float) -> tuple[Matrix | None, npt.NDArray[np.bool_]]:
    matrix, mask = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, error, maxIters=ITERATIONS, confidence=0.999
    )
    return matrix, _kept(mask, len(source))


def _similarity(source: Floats, target: Floats, error: float) -> tuple[Matrix | None, npt.NDArray[np.bool_]]:
    upper, mask = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=error, maxIters=ITERATIONS, confidence=0.999
    )
    return None if upper is None else np.vstack([upper, [0, 0, 1]]), _kept(mask, len(source))


def _kept(mask: npt.NDArray[np.uint8] | None, count: int) -> npt.NDArray[np.bool_]:
    return np.zeros(count, bool) if mask is None else mask.ravel().astype(bool)
