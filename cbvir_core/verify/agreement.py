"""How much of what two pictures share is alike, seen through their homography.

Points agree on a caption or a logo as well as on a scene.  So the small grey copies are laid over each
other, and every place with texture is asked whether it is alike: normalised cross-correlation over a
window, which brightness and contrast do not change.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.verify.features import Floats, LocalFeatures
from cbvir_core.verify.geometry import Matrix

WINDOW = 7
"""Side of the window in pixels of the still's grey copy."""

FLAT = 1.5
"""Standard deviation in grey values under which a window has no texture to compare: little above what the
rounding of a kept grey copy makes, since around a caption on a clear sky there is nothing else to ask."""

ALIKE = 0.5
"""Correlation from which on a window is alike."""

FULL = 0.6
"""Share of a window that must lie in both pictures."""


def agreement(query: LocalFeatures, still: LocalFeatures, homography: Matrix) -> tuple[float, float]:
    """Share of the textured places that are alike, and share of the still that was textured and seen.

    Both in [0, 1]; (0, 0) where nothing can be compared.
    """
    over, seen = _laid_over(query, still, homography)
    under = still.grey.astype(np.float32)
    weight = _mean(seen)
    whole = weight > FULL
    safe = np.maximum(weight, 1e-6)
    mean_a, mean_b = _mean(over * seen) / safe, _mean(under * seen) / safe
    spread_a = np.sqrt(np.maximum(_mean(over * over * seen) / safe - mean_a**2, 0))
    spread_b = np.sqrt(np.maximum(_mean(under * under * seen) / safe - mean_b**2, 0))
    together = _mean(over * under * seen) / safe - mean_a * mean_b
    textured = whole & (seen > 0) & (np.maximum(spread_a, spread_b) > FLAT)
    if not textured.any():
        return 0.0, 0.0
    likeness = together / np.maximum(spread_a * spread_b, 1.0)
    return float((likeness[textured] > ALIKE).mean()), float(textured.mean())


def _laid_over(query: LocalFeatures, still: LocalFeatures, homography: Matrix) -> tuple[Floats, Floats]:
    """The query's grey copy drawn over the still's, and 1 where it covers it."""
    to_still, from_query = _shrink(still), np.linalg.inv(_shrink(query))
    matrix = to_still @ homography @ from_query
    height, width = still.grey.shape
    grey = query.grey.astype(np.float32)
    # Two pixels in one alias, so the finer copy is first blurred as much as shrinking would.
    finer = 1 / max(float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))), 1e-3)
    if finer > 1.2:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), min(0.5 * finer, 8.0)), np.float32)
    over = cv2.warpPerspective(grey, matrix, (width, height), flags=cv2.INTER_LINEAR)
    seen = cv2.warpPerspective(np.ones_like(grey), matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(over, np.float32), np.asarray(seen > 0.99, np.float32)


def _shrink(features: LocalFeatures) -> Matrix:
    """From a picture's pixels to those of its grey copy."""
    height, width = features.grey.shape
    x, y = width / features.width, height / features.height
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _mean(values: Floats) -> Floats:
    mean: npt.NDArray[np.float32] = cv2.blur(values, (WINDOW, WINDOW), borderType=cv2.BORDER_CONSTANT)
    return mean
