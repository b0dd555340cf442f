"""Bars that are a blurred enlargement of the picture between them, as broadcasts add to upright films.

They are found by three conditions: both sides are far less sharp than the middle; the middle begins and ends
in a straight edge at equal distances from the sides; and the sides show the middle itself, enlarged and
blurred.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Box, Floats, Image

MAX_BLUR_SHARPNESS = 0.4
"""Sharpness of the bars as a share of that of the picture, at most."""

MIN_BLUR_EDGE_STEP = 3.0
"""Mean step across the edge as a multiple of the mean step within the bars, at least."""

MIN_BLUR_CORRELATION, MIN_BLUR_SIDE_CORRELATION = 0.75, 0.6
"""Correlation of the bars with the enlarged middle, at least: of both bars together, and of each alone."""

MIN_BLUR_DEPTH, MAX_BLUR_DEPTH = 0.08, 0.42
"""Depth of one bar, least and most, as a share of the side that it shortens."""

MAX_BLUR_EDGE_PAIRS = 6
"""Pairs of edges, the strongest first, whose bars are compared with the enlarged middle."""

BLUR_GRID_WIDTH = 24
"""Width in pixels at which bars and enlarged middle are compared: blur leaves no finer detail."""


def blurred_box(image: Image) -> Box | None:
    """Return the box of the picture between two blurred bars, or None where there are none."""
    height, width = image.shape[:2]
    if min(height, width) < 48:
        return None
    depth = _depth(image)
    if depth is not None:
        return depth[0], 0, width - depth[1], height
    depth = _depth(np.ascontiguousarray(image.transpose(1, 0, 2)))
    if depth is not None:
        return 0, depth[0], width, height - depth[1]
    return None


def _depth(image: Image) -> tuple[int, int] | None:
    """Return the widths in columns of the left and the right bar, or None where there are none."""
    width = image.shape[1]
    across = cv2.cvtColor(cv2.absdiff(image[:, 1:], image[:, :-1]), cv2.COLOR_RGB2GRAY)
    step = across.mean(axis=0, dtype=np.float32)  # step[x]: between columns x and x + 1
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    fine = np.abs(cv2.Laplacian(grey, cv2.CV_16S)).mean(axis=0, dtype=np.float32)
    for left in _edges(step, fine, width):
        for right in range(max(1, left - 2), left + 3):
            sure = step[width - 1 - right] >= 0.7 * step[width - 4 - left : width + 2 - left].max()
            if sure and _shows_middle(image, left, right):
                return left, right
    return None


def _edges(step: Floats, fine: Floats, width: int) -> list[int]:
    """Return the depths at which both sides have an edge between blur and detail, the strongest first."""
    depths = np.arange(round(MIN_BLUR_DEPTH * width), round(MAX_BLUR_DEPTH * width))
    # Rounding may put the two edges at different depths: the other one is looked for nearby.
    mirrored = np.maximum.reduce([np.roll(step[::-1], shift) for shift in (-2, -1, 0, 1, 2)])
    strength = np.minimum(step[depths - 1], mirrored[depths - 1])
    calm = _outside(step, depths - 3) + 0.2
    blunt, sharp = _outside(fine, depths - 3), _inside(fine, depths + 3)
    found = np.flatnonzero((strength >= MIN_BLUR_EDGE_STEP * calm) & (blunt <= MAX_BLUR_SHARPNESS * sharp))
    order = found[np.argsort(-strength[found], kind="stable")][:MAX_BLUR_EDGE_PAIRS]
    return [int(depth) for depth in depths[order]]


def _outside(line: Floats, depths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the means of the `depth` outermost values on both sides, for each depth."""
    sums = np.concatenate([[0.0], np.cumsum(line, dtype=np.float64)])
    return np.asarray((sums[depths] + sums[-1] - sums[len(line) - depths]) / (2 * depths))


def _inside(line: Floats, depths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the means of the values more than `depth` from both sides, for each depth."""
    sums = np.concatenate([[0.0], np.cumsum(line, dtype=np.float64)])
    return np.asarray((sums[len(line) - depths] - sums[depths]) / (len(line) - 2 * depths))


def _shows_middle(image: Image, left: int, right: int) -> bool:
    """Return whether the bars look like the middle when it is enlarged to cover the whole picture."""
    height, width = image.shape[:2]
    small = BLUR_GRID_WIDTH, max(4, round(BLUR_GRID_WIDTH * height / width))
    whole = cv2.resize(image, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    middle = image[:, left : width - right]
    cut = max(1, round(middle.shape[1] * height / width))
    top = max(0, (height - cut) // 2)
    cover = cv2.resize(middle[top : top + cut], small, interpolation=cv2.INTER_AREA)
    cover = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 1.0)
    cells = max(2, int(left / width * BLUR_GRID_WIDTH))
    sides = [slice(0, cells), slice(BLUR_GRID_WIDTH - cells, BLUR_GRID_WIDTH)]
    together = np.r_[0:cells, BLUR_GRID_WIDTH - cells : BLUR_GRID_WIDTH]
    return _correlation(whole[:, together], cover[:, together]) >= MIN_BLUR_CORRELATION and all(
        _correlation(whole[:, side], cover[:, side]) >= MIN_BLUR_SIDE_CORRELATION for side in sides
    )


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / length if length > 0 else 0.0
