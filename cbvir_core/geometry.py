"""Maps of the plane as 3 x 3 matrices; the centre of a picture's first pixel is (0, 0)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
"""A homography; points are columns (x, y, 1)."""

Size = tuple[int, int]
"""Width and height in pixels."""

LEAST_SHARE, MOST_TIMES = 0.01, 30.0
"""A frame that would cover less than this share of the query, or more than so many times its area, is a
degenerate match, not an edit."""


def rescale(source: Size, target: Size) -> Matrix:
    """From the pixels of a picture to those of the same picture at another size."""
    x, y = target[0] / source[0], target[1] / source[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1.0]])


def shift(x: float, y: float) -> Matrix:
    """A translation."""
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])


def mirror(width: int) -> Matrix:
    """From the pixels of a picture to those of the same picture mirrored left to right, and back."""
    return np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])


def corners(size: Size) -> Matrix:
    """The outer corners of a picture: 4 x 2, clockwise from the upper left."""
    right, bottom = float(size[0]) - 0.5, float(size[1]) - 0.5
    return np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]], np.float64)


def project(matrix: Matrix, points: Matrix) -> Matrix:
    """Where points (N x 2) come to lie."""
    mapped = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def frame_in_query(matrix: Matrix, query: Size, frame: Size) -> Matrix | None:
    """The frame's corners in the query (4 x 2) by a map from query to frame.

    None if the map is singular, folds the frame or shrinks it to nothing: no edit does that.
    """
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        return None
    back: Matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    depths = np.hstack([corners(frame), np.ones((4, 1))]) @ back[2]
    if not (np.all(depths > 0) or np.all(depths < 0)):
        return None
    found = project(back, corners(frame))
    outline = found.astype(np.float32)
    area = float(cv2.contourArea(outline)) / (query[0] * query[1])
    plausible = cv2.isContourConvex(outline) and LEAST_SHARE < area < MOST_TIMES
    return found if plausible else None
