"""Whether a query shows a still, and where in it: the whole of local verification."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.verify.agreement import agreement
from cbvir_core.verify.features import Floats, LocalFeatures, mirrored
from cbvir_core.verify.geometry import Fit, Matrix, Polygon, fits, flipping, project
from cbvir_core.verify.match import pair, vote

LEAST_INLIERS = 5
"""Pairs under which nothing is claimed: a homography goes through any four."""

LEAST_AGREEMENT = 0.5
"""Share of the textured places that must be alike.  Of 1,650 pairs of clips that show different things under
one caption, one logo or both, 3 pass, with .50 to .56: pictures that have hardly anything else.  Of 3,300
pairs without them and of 1,500 with photographs none does; of frames and their stills 1.00, of pages .89."""

CELLS = 6
"""The still is divided into 6 x 6 cells to count where points agree."""


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """What a query and a still have in common under one homography.

    - `inliers`: pairs of points, at different places, that keep to it.
    - `share`: of the points in the shared part (of the picture with fewer) that are inliers, in [0, 1].
    - `spread`: share of the cells of the still, `CELLS` each way, that have inliers, of those that have
      points in the shared part, in [0, 1].  A caption, a logo or a border is few of many cells.
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
        enough = min(1.0, (self.inliers - LEAST_INLIERS + 1) / 10)
        return enough * min(1.0, max(0.0, self.agreement - 0.4) / 0.3)


def verify(query: LocalFeatures, still: LocalFeatures, *, mirror: bool = False) -> Verification | None:
    """What the query has in common with the still; None if that is nothing that counts.

    With `mirror` the query is taken as mirrored left to right, and only so; a mirrored picture is
    refused otherwise.  Points that agree are not enough: a caption, a logo or a border that both carry
    agrees too, so the picture around must agree as well.  Deterministic, and safe from several threads.
    """
    asked = mirrored(query) if mirror else query
    pairs = vote(asked, still, pair(asked, still))
    tried = [
        (fit, agreement(asked, still, fit.homography)) for fit in fits(asked, still, pairs, LEAST_INLIERS)
    ]
    if not tried:
        return None
    found, (alike, textured) = max(tried, key=lambda one: one[1][0])
    if alike < LEAST_AGREEMENT:
        return None
    flip = flipping(query) if mirror else np.eye(3)
    lines = np.hstack([asked.points[found.pairs[:, 0]], still.points[found.pairs[:, 1]]])
    lines[:, :2] = project(flip, lines[:, :2])
    return Verification(
        inliers=len(found.pairs),
        share=_share(asked, still, found),
        spread=_spread(still, found),
        agreement=alike,
        textured=textured,
        region=_bounds(project(flip, found.shared), query),
        mirrored=mirror,
        homography=found.homography @ flip,
        lines=lines,
    )


def _bounds(corners: Matrix, query: LocalFeatures) -> tuple[float, float, float, float]:
    x, y = np.clip(corners, 0, [query.width - 1, query.height - 1]).T
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _spread(still: LocalFeatures, found: Fit) -> float:
    size = np.array([still.width, still.height], np.float32)
    points = still.points[_inside(_in_still(found), still.points)]
    agreeing = still.points[found.pairs[:, 1]]
    places = [np.clip(some * CELLS / size, 0, CELLS - 1).astype(np.int64) for some in (points, agreeing)]
    with_points, with_inliers = (len(np.unique(some, axis=0)) for some in places)
    return min(1.0, with_inliers / max(with_points, 1))


def _share(query: LocalFeatures, still: LocalFeatures, found: Fit) -> float:
    insides = _inside(found.shared, query.points), _inside(_in_still(found), still.points)
    return min(1.0, len(found.pairs) / max(1, min(int(inside.sum()) for inside in insides)))


def _in_still(found: Fit) -> Polygon:
    return project(found.homography, found.shared).astype(np.float32)


def _inside(polygon: Polygon, points: Floats) -> npt.NDArray[np.bool_]:
    """Which points lie in a convex polygon, whichever way round its corners go."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    to_points = points[:, None] - polygon
    sides = edges[:, 0] * to_points[..., 1] - edges[:, 1] * to_points[..., 0]
    return np.asarray((sides >= 0).all(axis=1) | (sides <= 0).all(axis=1), np.bool_)
