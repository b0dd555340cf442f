"""How much of what two pictures share is alike when one is laid over the other by their homography.

Points agree on a caption or a logo as well as on a scene.  So the small grey copies are laid over each other,
and every place with texture is compared: by normalised cross-correlation over a window, which brightness and
contrast do not change.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.geometry import Matrix, rescale
from cbvir_core.types import Floats
from cbvir_core.verify.features import LocalFeatures

CORRELATION_WINDOW_PX = 7
"""Side of the window in pixels of the still's grey copy."""

MIN_TEXTURE_STD = 1.5
"""Standard deviation in grey values under which a window has no texture to compare.  It is little above what
the rounding of a kept grey copy makes, since around a caption on a clear sky there is nothing else to
compare."""

MIN_CORRELATION = 0.5
"""Correlation from which on a window is alike."""

MIN_WINDOW_COVERAGE = 0.6
"""Share of a window that must lie in both pictures."""


def agreement(query: LocalFeatures, still: LocalFeatures, homography: Matrix) -> tuple[float, float]:
    """Return the share of the textured places that are alike, and the share of the still that these are.

    A place is textured where it lies in both pictures and one of them has texture there.  Both shares are in
    [0, 1]; (0, 0) where nothing can be compared.
    """
    laid_over, covered = _laid_over(query, still, homography)
    below = still.grey.astype(np.float32)
    coverage = _window_mean(covered)
    divisor = np.maximum(coverage, 1e-6)
    mean_query = _window_mean(laid_over * covered) / divisor
    mean_still = _window_mean(below * covered) / divisor
    square_query = _window_mean(laid_over * laid_over * covered) / divisor
    square_still = _window_mean(below * below * covered) / divisor
    std_query = np.sqrt(np.maximum(square_query - mean_query**2, 0))
    std_still = np.sqrt(np.maximum(square_still - mean_still**2, 0))
    covariance = _window_mean(laid_over * below * covered) / divisor - mean_query * mean_still
    comparable = (coverage > MIN_WINDOW_COVERAGE) & (covered > 0)
    textured = comparable & (np.maximum(std_query, std_still) > MIN_TEXTURE_STD)
    if not textured.any():
        return 0.0, 0.0
    correlation = covariance / np.maximum(std_query * std_still, 1.0)
    return float((correlation[textured] > MIN_CORRELATION).mean()), float(textured.mean())


def _laid_over(query: LocalFeatures, still: LocalFeatures, homography: Matrix) -> tuple[Floats, Floats]:
    """Return the query's grey copy warped onto the still's, and a mask that is 1 where it covers it."""
    matrix = _to_grey_copy(still) @ homography @ np.linalg.inv(_to_grey_copy(query))
    height, width = still.grey.shape
    grey = query.grey.astype(np.float32)
    # Two pixels that fall into one alias, so the finer copy is first blurred as much as shrinking would.
    finer_times = 1 / max(float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))), 1e-3)
    if finer_times > 1.2:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), min(0.5 * finer_times, 8.0)), np.float32)
    warped = cv2.warpPerspective(grey, matrix, (width, height), flags=cv2.INTER_LINEAR)
    covered = cv2.warpPerspective(np.ones_like(grey), matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32), np.asarray(covered > 0.99, np.float32)


def _to_grey_copy(features: LocalFeatures) -> Matrix:
    """Return the map from a picture's pixels to those of its grey copy."""
    height, width = features.grey.shape
    return rescale(features.size, (width, height))


def _window_mean(values: Floats) -> Floats:
    window = (CORRELATION_WINDOW_PX, CORRELATION_WINDOW_PX)
    return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_CONSTANT), np.float32)
