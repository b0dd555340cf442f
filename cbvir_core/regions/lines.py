"""Quadrilaterals of straight lines: pictures with a frame, windows, screens seen at an angle.

Line segments (LSD, von Gioi et al. 2010) that lie on one line are joined; every two that run across
and two that run down make a quadrilateral, which counts if most of each side is an edge in the picture.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image

Quads = npt.NDArray[np.float32]
"""N x 4 x 2 corners in the coordinates of boxes: upper left, upper right, lower right, lower left."""

Segments = npt.NDArray[np.float32]
"""N x 4: x and y of both ends."""

LINES_PER_DIRECTION = 11
"""Lines of each direction that are combined, the longest first: 3,025 quadrilaterals."""

MIN_SEGMENT_SHARE = 0.04
"""Length of a segment as a share of the longer side."""

MAX_LINE_OFFSET_PX = 2.5
"""Pixels by which segments of one line may lie beside it."""

MAX_LINE_SLOPE = 0.6
"""Slope up to which a line runs across (or down): 31 degrees."""

MIN_SIDE_DISTANCE_SHARE = 0.1
"""Distance of opposite sides as a share of the picture's side."""

MIN_EDGE_STEP = 10
"""Grey levels per two pixels from which a place is an edge."""

SAMPLES_PER_SIDE = 32
"""Places along a side at which its edge is looked for."""

MIN_WEAKEST_SIDE_SUPPORT, MIN_MEAN_SIDE_SUPPORT = 0.45, 0.68
"""Share of a side that must be an edge: of the weakest side, and of all four in the mean."""

MAX_LINE_QUADS = 40
"""Quadrilaterals handed on, the best supported first."""


def line_quads(image: Image) -> Quads:
    """Return quadrilaterals in a picture of about 512 pixels, the best supported first."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    across, down = _lines(grey)
    if len(across) < 2 or len(down) < 2:
        return np.zeros((0, 4, 2), np.float32)
    quads = _combined(across, down, image.shape[1], image.shape[0])
    sides = side_support(image, quads)
    good = (sides.min(axis=1) >= MIN_WEAKEST_SIDE_SUPPORT) & (sides.mean(axis=1) >= MIN_MEAN_SIDE_SUPPORT)
    quads, sides = quads[good], sides[good]
    order = np.argsort(-sides.mean(axis=1), kind="stable")[:MAX_LINE_QUADS]
    return np.asarray(quads[order], np.float32)


def side_support(image: Image, quads: Quads) -> npt.NDArray[np.float32]:
    """Return the share of each side that is an edge running along it: N x 4, top, right, bottom, left."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    neighbourhood = np.ones((3, 3), np.uint8)
    dx, dy = (np.abs(cv2.Scharr(grey, cv2.CV_32F, *axis)) / 16 for axis in ((1, 0), (0, 1)))
    horizontal = cv2.dilate(((dy >= MIN_EDGE_STEP) & (dy >= dx)).astype(np.uint8), neighbourhood)
    vertical = cv2.dilate(((dx >= MIN_EDGE_STEP) & (dx >= dy)).astype(np.uint8), neighbourhood)
    height, width = grey.shape
    along = np.linspace(0.02, 0.98, SAMPLES_PER_SIDE, dtype=np.float32)[None, :, None]
    support = []
    for side in range(4):
        start, end = quads[:, side, None], quads[:, (side + 1) % 4, None]
        # An edge lies between two pixels: the sides' coordinates are those of the gaps.
        places = np.rint(start + (end - start) * along - 0.5).astype(np.int32)
        x, y = places[..., 0].clip(0, width - 1), places[..., 1].clip(0, height - 1)
        support.append((vertical if side % 2 else horizontal)[y, x].mean(axis=1))
    return np.stack(support, axis=1).astype(np.float32)


def _lines(grey: npt.NDArray[np.uint8]) -> tuple[Segments, Segments]:
    """Return the longest lines that run across, and the longest that run down."""
    height, width = grey.shape
    detected = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(grey)[0]
    segments = np.zeros((0, 4), np.float32) if detected is None else detected.reshape(-1, 4) + 0.5
    extent = np.abs(segments[:, 2:] - segments[:, :2])
    long = np.hypot(*extent.T) >= MIN_SEGMENT_SHARE * max(height, width)
    across = segments[long & (extent[:, 1] <= MAX_LINE_SLOPE * extent[:, 0])]
    down = segments[long & (extent[:, 0] <= MAX_LINE_SLOPE * extent[:, 1])]
    return _joined(across), _joined(down)


def _joined(segments: Segments) -> Segments:
    """Join the segments that lie on one line to one; the lines with the longest segments in sum first."""
    order = np.argsort(-np.hypot(*(segments[:, 2:] - segments[:, :2]).T), kind="stable")
    remaining = segments[order]
    lines: list[tuple[float, npt.NDArray[np.float32]]] = []
    while len(remaining) and len(lines) < 4 * LINES_PER_DIRECTION:
        direction = remaining[0, 2:] - remaining[0, :2]
        length = float(np.hypot(*direction))
        normal = np.array([-direction[1], direction[0]], np.float32) / length
        offsets = np.abs((remaining.reshape(-1, 2, 2) - remaining[0, :2]) @ normal).max(axis=1)
        on_line = offsets <= MAX_LINE_OFFSET_PX
        total_length = float(np.hypot(*(remaining[on_line, 2:] - remaining[on_line, :2]).T).sum())
        ends = remaining[on_line].reshape(-1, 2)
        along = ends @ direction
        lines.append((total_length, np.concatenate([ends[along.argmin()], ends[along.argmax()]])))
        remaining = remaining[~on_line]
    lines.sort(key=lambda line: -line[0])
    chosen = [line for _, line in lines[:LINES_PER_DIRECTION]]
    return np.stack(chosen).astype(np.float32) if chosen else np.zeros((0, 4), np.float32)


def _combined(across: Segments, down: Segments, width: int, height: int) -> Quads:
    """Return all quadrilaterals of the lines that are convex, in the picture, and not too narrow."""
    tops, bottoms = _pairs(across, 1, MIN_SIDE_DISTANCE_SHARE * height)
    lefts, rights = _pairs(down, 0, MIN_SIDE_DISTANCE_SHARE * width)
    if not len(tops) or not len(lefts):
        return np.zeros((0, 4, 2), np.float32)
    rows, columns = (grid.ravel() for grid in np.meshgrid(np.arange(len(tops)), np.arange(len(lefts))))
    top, bottom, left, right = tops[rows], bottoms[rows], lefts[columns], rights[columns]
    pairs = ((top, left), (top, right), (bottom, right), (bottom, left))
    quads = np.stack([_crossing(*pair) for pair in pairs], axis=1)
    slack = np.array([width, height], np.float32) * 0.02
    inside = ((quads >= -slack) & (quads <= np.array([width, height]) + slack)).all(axis=(1, 2))
    edges = np.roll(quads, -1, axis=1) - quads
    next_edges = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * next_edges[..., 1] - edges[..., 1] * next_edges[..., 0]
    lengths = np.hypot(edges[..., 0], edges[..., 1])
    wide = (lengths >= MIN_SIDE_DISTANCE_SHARE * min(width, height)).all(axis=1)
    return np.asarray(quads[inside & (turns > 0).all(axis=1) & wide], np.float32)


def _pairs(lines: Segments, axis: int, min_distance: float) -> tuple[Segments, Segments]:
    """Return every two lines in order along the axis that have this distance at their middles."""
    middle = (lines[:, axis] + lines[:, axis + 2]) / 2
    order = np.argsort(middle, kind="stable")
    chosen = [(i, j) for i, j in combinations(order.tolist(), 2) if middle[j] - middle[i] >= min_distance]
    first, second = [i for i, _ in chosen], [j for _, j in chosen]
    return lines[first], lines[second]


def _crossing(one: Segments, other: Segments) -> npt.NDArray[np.float32]:
    """Return where the lines through the segments cross (N x 2), by way of homogeneous coordinates."""

    def line(part: Segments) -> npt.NDArray[np.float64]:
        ends = np.concatenate([part.reshape(-1, 2, 2), np.ones((len(part), 2, 1))], axis=2)
        return np.cross(ends[:, 0], ends[:, 1])

    point = np.cross(line(one), line(other))
    scale = np.where(np.abs(point[:, 2]) < 1e-9, 1e-9, point[:, 2])
    return np.asarray(point[:, :2] / scale[:, None], np.float32)
