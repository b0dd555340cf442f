"""The coarse layout of a picture, which colour histograms do not show.

While a camera goes round a statue or turns over a carpet, the colours stay the same, and one keyframe would
stand for views that have nothing in common.  A layout is the grey picture at 48 pixels; two layouts are alike
when the inner part of one is found anywhere in the other.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.keyframes.histogram import Vector
from cbvir_core.types import Image

LAYOUT_SIDE = 48
"""Longer side in pixels of a layout."""

LAYOUT_SHIFT_SHARE = 0.15
"""Share of each side by which one layout may be shifted against the other."""


def layout(small: Image) -> Vector:
    """Return the grey picture with its longer side at `LAYOUT_SIDE`: H x W."""
    height, width = small.shape[:2]
    scale = LAYOUT_SIDE / max(height, width)
    size = max(4, round(width * scale)), max(4, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32)


def likeness(one: Vector, other: Vector) -> float:
    """Return the normalised correlation of the inner part of `one` with its best place in `other`, at most 1.

    It is 1 for layouts of different shapes, and where `one` is of one colour: nothing can be said then.
    """
    if one.shape != other.shape:
        return 1.0
    down, across = (round(side * LAYOUT_SHIFT_SHARE) for side in one.shape)
    inner = np.ascontiguousarray(one[down : one.shape[0] - down, across : one.shape[1] - across])
    if float(inner.std()) < 1.0:
        return 1.0
    return float(cv2.matchTemplate(other, inner, cv2.TM_CCOEFF_NORMED).max())
