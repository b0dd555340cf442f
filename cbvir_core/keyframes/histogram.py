"""The feature vector of a picture: 3 x 3 blocks of HSV colour histograms (MoReSo, equation 1)."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image

Vector = npt.NDArray[np.float32]
"""A feature vector h(I), one-dimensional."""

HISTOGRAM_BLOCKS = 3
"""P = Q = 3 blocks down and across."""

HISTOGRAM_SIDE = 320
"""Longer side in pixels of the picture whose colours are counted.  Nearest-neighbour sampling to this size
costs little, and the histogram keeps a cosine above .999 to that of all pixels (``test_histogram.py``).
Averaging would make colours that are not in the picture."""

_HSV_RANGES = [0, 180, 0, 256, 0, 256]


def shrink(image: Image) -> Image:
    """Return the picture with its longer side at `HISTOGRAM_SIDE`, by nearest neighbour, never enlarged."""
    height, width = image.shape[:2]
    scale = HISTOGRAM_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def block_histogram(small: Image, bins: tuple[int, int, int]) -> Vector:
    """Return the feature vector h(I): nine joint HSV histograms one after the other, each of sum 1.

    `bins` are the numbers of hue, saturation and value bins; with L their product, the vector has 9 L
    elements.  In a picture with fewer than three rows or columns, a block that would be empty gets the
    histogram of the whole picture.
    """
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    rows, columns = (np.linspace(0, side, HISTOGRAM_BLOCKS + 1).astype(int) for side in hsv.shape[:2])
    parts = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            block = hsv[top:bottom, left:right]
            parts.append(_histogram(block if block.size else hsv, bins))
    return np.concatenate(parts)


def _histogram(block: Image, bins: tuple[int, int, int]) -> Vector:
    counts = cv2.calcHist([block], [0, 1, 2], None, list(bins), _HSV_RANGES)
    return np.asarray(counts, np.float32).ravel() / np.float32(block.shape[0] * block.shape[1])
