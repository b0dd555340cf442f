"""Where things are in a picture, coarsely: what colour histograms do not see.

Under a camera that goes round a statue or turns over a carpet the colours stay, and one keyframe would stand
for views that have nothing in common.  A layout is the grey picture at the size of a stamp; two are alike
where one lies somewhere in the other.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.keyframes.histogram import Vector
from cbvir_core.types import Image

LAYOUT_SIDE = 48
"""Long side in pixels of a layout."""

LAYOUT_SHIFT_SHARE = 0.15
"""Share of each side that one layout may be shifted by against the other."""


def layout(small: Image) -> Vector:
    """The grey picture, its long side at `LAYOUT_SIDE`: H x W."""
    height, width = small.shape[:2]
    scale = LAYOUT_SIDE / max(height, width)
    size = max(4, round(width * scale)), max(4, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32)


def likeness(one: Vector, other: Vector) -> float:
    """The normalised correlation of the inner part of `one` with its best place in `other`, at most 1.

    1 for pictures of different shape, or of one colour, of which it says nothing.
    """
    if one.shape != other.shape:
        return 1.0
    down, across = (round(side * LAYOUT_SHIFT_SHARE) for side in one.shape)
    inner = np.ascontiguousarray(one[down : one.shape[0] - down, across : one.shape[1] - across])
    if float(inner.std()) < 1.0:
        return 1.0
    return float(cv2.matchTemplate(other, inner, cv2.TM_CCOEFF_NORMED).max())
