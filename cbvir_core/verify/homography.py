"""The homography that the pairs agree on, and whether a camera, a crop or a page can have made it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.geometry import Matrix, Polygon, shared_part
from cbvir_core.types import Floats
from cbvir_core.verify.features import QUERY_FEATURES, LocalFeatures
from cbvir_core.verify.match import Pairs

MAX_REPROJECTION_ERROR_PX = 4.0
"""Pixels of the still by which a point may miss; as many of the query where that is the coarser."""

MIN_SCALE, MAX_SCALE = 1 / 8, 12.0
"""How much smaller or larger than in the query the shared part may be in the still."""

MAX_STRETCH = 2.5
"""How unevenly the shared part may be stretched: a screen seen from 60 degrees is 2."""

MAX_PERSPECTIVE = 4.0
"""How much larger one corner's surroundings may be drawn than another's, in length."""

RANSAC_ITERATIONS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class HomographyFit:
    """A homography from query pixels to still pixels and the pairs that keep to it.

    `shared` is the part of the query in which the still is seen, in query pixels.
    """

    homography: Matrix
    pairs: Pairs
    shared: Polygon


def fit_homographies(
    query: LocalFeatures, still: LocalFeatures, pairs: Pairs, min_pairs: int
) -> list[HomographyFit]:
    """Fit a homography (MAGSAC++) and a similarity (RANSAC) to most pairs; return those that are plausible.

    A homography through points of a small part goes astray outside it; the similarity cannot, but no screen
    is seen from the side with it.  At least `min_pairs` pairs must keep to a fit, points at one place counted
    once.
    """
    pairs = _one_pair_per_place(query, still, pairs)
    if len(pairs) < min_pairs:
        return []
    enlarged = max(1.0, max(query.size) / QUERY_FEATURES.long_side)
    source, target = query.points[pairs[:, 0]], still.points[pairs[:, 1]]
    finer_times = np.median(still.sizes[pairs[:, 1]] / query.sizes[pairs[:, 0]])
    max_error = MAX_REPROJECTION_ERROR_PX * max(1.0, float(finer_times))
    found = []
    for estimate in (_estimate_homography, _estimate_similarity):
        matrix, kept = estimate(source, target, max_error)
        if matrix is None or kept.sum() < min_pairs:
            continue
        shared = shared_part(matrix, query.size, still.size)
        if shared is not None and is_plausible(matrix, shared, enlarged):
            found.append(HomographyFit(matrix, pairs[kept], shared))
    return found


def is_plausible(matrix: Matrix, shared: Polygon, enlarged: float = 1.0) -> bool:
    """Return whether size, stretch and perspective over the shared part are those of a picture of a picture.

    `enlarged` is by how much the query is larger than the picture in which its points are found: the number
    of its pixels says nothing of what it shows, so the size is that of the shrunk query.
    They are read off the singular values of the map's Jacobian in the corners and the middle of the part.
    """
    places = np.vstack([shared, shared.mean(axis=0)])
    singular = np.array([np.linalg.svd(_jacobian(matrix, place), compute_uv=False) for place in places])
    if not np.isfinite(singular).all() or singular.min() <= 0:
        return False
    scales = np.sqrt(singular.prod(axis=1))
    middle = singular[-1]
    return bool(
        MIN_SCALE <= enlarged * scales[-1] <= MAX_SCALE
        and middle[0] / middle[1] <= MAX_STRETCH
        and scales.max() / scales.min() <= MAX_PERSPECTIVE
    )


def _jacobian(matrix: Matrix, place: Polygon) -> Matrix:
    x, y, w = matrix @ (*place, 1.0)
    mapped = np.array([[x], [y]]) / w
    return np.asarray((matrix[:2, :2] - mapped * matrix[2, :2]) / w, np.float64)


def _one_pair_per_place(query: LocalFeatures, still: LocalFeatures, pairs: Pairs) -> Pairs:
    """Keep one pair per place: SIFT gives several points of different orientation at one."""
    places = np.hstack([query.points[pairs[:, 0]], still.points[pairs[:, 1]]]).round().astype(np.int64)
    for side in (places[:, :2], places[:, 2:]):
        _, first = np.unique(side, axis=0, return_index=True)
        keep = np.zeros(len(side), bool)
        keep[first] = True
        places[~keep] = -1
    return pairs[(places >= 0).all(axis=1)]


def _estimate_homography(
    source: Floats, target: Floats, max_error: float
) -> tuple[Matrix | None, npt.NDArray[np.bool_]]:
    matrix, mask = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, max_error, maxIters=RANSAC_ITERATIONS, confidence=0.999
    )
    return matrix, _inlier_mask(mask, len(source))


def _estimate_similarity(
    source: Floats, target: Floats, max_error: float
) -> tuple[Matrix | None, npt.NDArray[np.bool_]]:
    upper, mask = cv2.estimateAffinePartial2D(
        source,
        target,
        method=cv2.RANSAC,
        ransacReprojThreshold=max_error,
        maxIters=RANSAC_ITERATIONS,
        confidence=0.999,
    )
    matrix = None if upper is None else np.vstack([upper, [0, 0, 1]])
    return matrix, _inlier_mask(mask, len(source))


def _inlier_mask(mask: npt.NDArray[np.uint8] | None, count: int) -> npt.NDArray[np.bool_]:
    return np.zeros(count, bool) if mask is None else mask.ravel().astype(bool)
