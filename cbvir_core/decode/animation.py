"""The frame of an animation that is asked with: the first, or the first that shows something."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from cbvir_core.decode.blank import BLANK_GRID, is_blank
from cbvir_core.types import Image

FADE_GROWTH = 1.05
"""Each frame of a fade-in of a second has at least 1.05 times the contrast of the frame before it, until
four fifths of the contrast are reached."""

MIN_FADE_CORRELATION = 0.9
"""Between the cells of two frames of one picture that grows brighter; grain apart it is 1."""


def shown_frame(frames: Iterable[Image]) -> Image:
    """Return the first frame that is not blank, or the first of all where every frame is.

    Where that frame belongs to a fade-in, the fade is followed until it hardly grows any more: its beginning
    is not blank, but too faint to be found.  A first frame that shows something is returned as it is.
    `frames` holds at least one, and no more than needed are taken from it.
    """
    remaining = iter(frames)
    first = next(remaining)
    if not is_blank(first):
        return first
    shown = next((frame for frame in remaining if not is_blank(frame)), None)
    if shown is None:
        return first
    for brighter in remaining:
        if not _goes_on(shown, brighter):
            break
        shown = brighter
    return shown


def _goes_on(faint: Image, brighter: Image) -> bool:
    """Return whether the second frame is the first one with more contrast, as in a fade-in."""
    before, after = _cells(faint), _cells(brighter)
    if after.std() < FADE_GROWTH * before.std():
        return False
    return float(np.corrcoef(before, after)[0, 1]) >= MIN_FADE_CORRELATION


def _cells(image: Image) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, BLANK_GRID, interpolation=cv2.INTER_AREA), np.float32).ravel()
