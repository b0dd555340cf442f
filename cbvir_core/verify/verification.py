"""Whether a query shows a still, and where in it: the whole of local verification."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core import geometry
from cbvir_core.geometry import Matrix, Polygon, project
from cbvir_core.types import Floats
from cbvir_core.verify.agreement import agreement
from cbvir_core.verify.features import LocalFeatures, mirrored
from cbvir_core.verify.homography import HomographyFit, fit_homographies
from cbvir_core.verify.match import pair, vote

MIN_INLIERS = 5
"""Pairs under which nothing is claimed: a homography goes through any four."""

MIN_AGREEMENT = 0.5
"""Share of the textured places that must be alike.  Of 1,650 pairs of clips that show different things under
one caption, one logo or both, 3 pass, with .50 to .56: pictures that have hardly anything else.  Of 3,300
pairs without them and of 1,500 with photographs none does; of frames and their stills 1.00, of pages .89."""

SPREAD_CELLS = 6
"""The still is divided into 6 x 6 cells to count where points agree."""


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """What a query and a still have in common under one homography.

    - `inliers`: pairs of points, at different places, that keep to it.
    - `share`: of the points in the shared part (of the picture with fewer) that are inliers, in [0, 1].
    - `spread`: share of the cells of the still, `SPREAD_CELLS` each way, that have inliers, of those that
      have points in the shared part, in [0, 1].  A caption, a logo or a border is few of many cells.
    - `agreement`: share of the textured places of the shared part that are alike, in [0, 1];
      `textured`: share of the still's area that these places are.
    - `region`: left, top, right, bottom of the query's part that shows the still, query pixels; what
      of the still lies outside the query is cut off.  Never empty.
    - `homography`: 3 x 3, from query pixels to still pixels; of negative determinant if `mirrored`.
    - `lines`: N x 4, x and y in the query, x and y in the still, of each inlier.
    """

    inliers: int
    share: float
    spread: float
    agreement: float
    textured: float
    region: tuple[float, float, float, float]
    mirrored: bool
    homography: Matrix = field(repr=False)
    lines: Floats = field(repr=False)

    @property
    def support(self) -> float:
        """One number in [0, 1] to order candidates by: enough inliers times enough agreement.

        It is no probability; a calibrated model takes the figures themselves.
        """
        inliers = min(1.0, (self.inliers - MIN_INLIERS + 1) / 10)
        return inliers * min(1.0, max(0.0, self.agreement - 0.4) / 0.3)


def verify(query: LocalFeatures, still: LocalFeatures, *, mirror: bool = False) -> Verification | None:
    """Return what the query has in common with the still; None if that is too little to count.

    With `mirror` the query is taken as mirrored left to right, and only so; a mirrored picture is
    refused otherwise.  Points that agree are not enough: a caption, a logo or a border that both carry
    agrees too, so the picture around must agree as well.  Deterministic, and safe from several threads.
    """
    upright = mirrored(query) if mirror else query
    pairs = vote(upright, still, pair(upright, still))
    fits = [
        (fit, agreement(upright, still, fit.homography))
        for fit in fit_homographies(upright, still, pairs, MIN_INLIERS)
    ]
    if not fits:
        return None
    best, (alike, textured) = max(fits, key=lambda fit: fit[1][0])
    if alike < MIN_AGREEMENT:
        return None
    flip = geometry.mirror(query.width) if mirror else np.eye(3)
    lines = np.hstack([upright.points[best.pairs[:, 0]], still.points[best.pairs[:, 1]]])
    lines[:, :2] = project(flip, lines[:, :2])
    return Verification(
        inliers=len(best.pairs),
        share=_inlier_share(upright, still, best),
        spread=_spread(still, best),
        agreement=alike,
        textured=textured,
        region=_bounds(project(flip, best.shared), query),
        mirrored=mirror,
        homography=best.homography @ flip,
        lines=lines,
    )


def _bounds(corners: Matrix, query: LocalFeatures) -> tuple[float, float, float, float]:
    x, y = np.clip(corners, 0, [query.width - 1, query.height - 1]).T
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _spread(still: LocalFeatures, fit: HomographyFit) -> float:
    size = np.array(still.size, np.float32)
    shared = still.points[_inside(_shared_in_still(fit), still.points)]
    inliers = still.points[fit.pairs[:, 1]]
    cells = [
        np.clip(points * SPREAD_CELLS / size, 0, SPREAD_CELLS - 1).astype(np.int64)
        for points in (shared, inliers)
    ]
    with_points, with_inliers = (len(np.unique(places, axis=0)) for places in cells)
    return min(1.0, with_inliers / max(with_points, 1))


def _inlier_share(query: LocalFeatures, still: LocalFeatures, fit: HomographyFit) -> float:
    shared = _inside(fit.shared, query.points), _inside(_shared_in_still(fit), still.points)
    return min(1.0, len(fit.pairs) / max(1, min(int(inside.sum()) for inside in shared)))


def _shared_in_still(fit: HomographyFit) -> Polygon:
    return project(fit.homography, fit.shared).astype(np.float32)


def _inside(polygon: Polygon, points: Floats) -> npt.NDArray[np.bool_]:
    """Return which points lie in a convex polygon, whichever way round its corners go."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    to_points = points[:, None] - polygon
    sides = edges[:, 0] * to_points[..., 1] - edges[:, 1] * to_points[..., 0]
    return np.asarray((sides >= 0).all(axis=1) | (sides <= 0).all(axis=1), np.bool_)
