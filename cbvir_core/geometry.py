"""Plane geometry: homographies, points and polygons, and how one picture lies in another.

In pixel coordinates the centre of a picture's first pixel is (0, 0).  Two conventions for a picture's corners
are in use, and each has its function: `outer_corners` are the outer corners of the corner pixels,
`pixel_corners` their centres.  Boxes count gaps between pixels instead: their upper left corner is (0, 0).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Box, Floats

Matrix = npt.NDArray[np.float64]
"""A homography, 3 x 3, for points as columns (x, y, 1); or points, N x 2."""

Polygon = npt.NDArray[np.float32]
"""Corners in order, x and y: K x 2."""

Size = tuple[int, int]
"""Width and height in pixels."""

MIN_FRAME_AREA_SHARE, MAX_FRAME_AREA_TIMES = 0.01, 30.0
"""The least share of the query's area that a frame may cover, and how many times that area it may cover at
most.  A match beyond these is degenerate: no perturbation makes it."""

MIN_SHARED_AREA_PX = 1.0
"""Square pixels of the query that must show the still."""

MIN_DETERMINANT = 1e-12
"""Absolute determinant below which a matrix counts as singular."""


def rescale(source: Size, target: Size) -> Matrix:
    """Return the map from the pixels of a picture to those of the same picture at another size."""
    x, y = target[0] / source[0], target[1] / source[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1.0]])


def shift(x: float, y: float) -> Matrix:
    """Return a translation."""
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])


def mirror(width: int) -> Matrix:
    """Return the map from a picture's pixels to those of the picture mirrored left to right, and back."""
    return np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])


def outer_corners(size: Size) -> Matrix:
    """Return the outer corners of a picture's corner pixels: 4 x 2, clockwise from the upper left."""
    right, bottom = float(size[0]) - 0.5, float(size[1]) - 0.5
    return np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]], np.float64)


def pixel_corners(size: Size) -> Polygon:
    """Return the centres of a picture's corner pixels: 4 x 2, clockwise from the upper left."""
    right, bottom = size[0] - 1, size[1] - 1
    return np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float32)


def project(matrix: Matrix, points: Floats | Matrix) -> Matrix:
    """Map points (N x 2) by a homography; a point that goes to infinity comes out infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mapped = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
        return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def frame_in_query(matrix: Matrix, query: Size, frame: Size) -> Matrix | None:
    """Return the frame's outer corners in the query (4 x 2) by a map from query to frame.

    None if the map is singular, folds the frame or shrinks it to nothing: no perturbation does that.  Unlike
    `shared_part`, this takes a mirroring map, and what lies outside the query is not cut off.
    """
    if matrix.shape != (3, 3) or _is_singular(matrix):
        return None
    to_query: Matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    depths = np.hstack([outer_corners(frame), np.ones((4, 1))]) @ to_query[2]
    if not (np.all(depths > 0) or np.all(depths < 0)):
        return None
    corners = project(to_query, outer_corners(frame))
    outline = corners.astype(np.float32)
    area_share = float(cv2.contourArea(outline)) / (query[0] * query[1])
    plausible = cv2.isContourConvex(outline) and MIN_FRAME_AREA_SHARE < area_share < MAX_FRAME_AREA_TIMES
    return corners if plausible else None


def shared_part(matrix: Matrix, query: Size, still: Size) -> Polygon | None:
    """Return the part of the query in which the still lies, by a map from query to still; query pixels.

    None if no part of the query shows the still, or if the map folds the still or turns it over.
    """
    if _is_singular(matrix):
        return None
    to_query: Matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    corners = pixel_corners(still)
    depths = corners @ to_query[2, :2] + to_query[2, 2]
    if depths.min() * depths.max() <= 0:
        return None
    outline = project(to_query, corners).astype(np.float32)
    if not cv2.isContourConvex(outline) or cv2.contourArea(outline, oriented=True) <= 0:
        return None
    shared = clip_to_picture(outline, query)
    return shared if len(shared) and cv2.contourArea(shared) >= MIN_SHARED_AREA_PX else None


def outlines(matrix: Matrix, query: Size, still: Size) -> tuple[Matrix, Matrix] | None:
    """Return the part that both pictures show, in query pixels and in still pixels.

    The query may be mirrored or not.  None where `shared_part` gives None for both.
    """
    for flip in (np.eye(3), mirror(query[0])):  # by one of the two the still would be turned over
        shared = shared_part(matrix @ flip, query, still)
        if shared is not None:
            return project(flip, shared), project(matrix @ flip, shared)
    return None


def clip_to_picture(polygon: Polygon, picture: Size) -> Polygon:
    """Cut a convex polygon off at the sides of a picture, one after the other (Sutherland and Hodgman, CACM
    1974).

    OpenCV's `intersectConvexConvex` leaves parts outside where corners meet.
    """
    right, bottom = picture[0] - 1.0, picture[1] - 1.0
    for axis, limit, sign in ((0, 0.0, 1.0), (0, right, -1.0), (1, 0.0, 1.0), (1, bottom, -1.0)):
        depths = sign * (polygon[:, axis].astype(np.float64) - limit)
        kept: list[npt.NDArray[np.floating]] = []
        for number, (depth, next_depth) in enumerate(zip(depths, np.roll(depths, -1), strict=True)):
            start, end = polygon[number], polygon[(number + 1) % len(polygon)]
            if depth >= 0:
                kept.append(start)
            if depth * next_depth < 0:
                kept.append(start + (end - start) * (depth / (depth - next_depth)))
        polygon = np.array(kept, np.float32).reshape(-1, 2)
    return np.clip(polygon, 0, np.array([right, bottom], np.float32))


def box_corners(box: Box) -> Polygon:
    """Return the corners of a box in the coordinates of boxes: 4 x 2, clockwise from the upper left."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def clip_box(box: Box, picture: Size) -> Box:
    """Return the box within the picture, at least a pixel wide and high."""
    width, height = picture
    left, top = min(max(0, box[0]), width - 1), min(max(0, box[1]), height - 1)
    return left, top, max(left + 1, min(width, box[2])), max(top + 1, min(height, box[3]))


def box_overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    intersection = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return intersection / (areas - intersection)


def is_mirroring(matrix: Matrix) -> bool:
    """Return whether a map turns a picture over, as a mirror does."""
    return bool(np.linalg.det(matrix) < 0)


def _is_singular(matrix: Matrix) -> bool:
    return not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < MIN_DETERMINANT
