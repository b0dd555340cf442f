"""Bars that hold something: a caption, a logo, the buttons of a player.

Such a bar is no run of lines of one colour, but paper with print on it.  Its proof has to be stronger
than a plain bar's: it begins with clean lines, most of it is paper, the print keeps off both ends of
its lines, and after a clean line nearly the whole width changes at once and stays changed.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image

CAPTION_TOLERANCE = 14
"""Grey levels by which paper may differ from its colour: print rings farther than a plain bar."""

CAPTION_PAPER_SHARE = 0.62
"""Of the bar's pixels; bold capitals over three lines leave about this much."""

CAPTION_EDGE_SHARE = 0.8
"""Of the first line of the picture that must differ; a plain bar needs less, but has no print."""

CAPTION_EDGE_LINES = 5
"""Lines in which the change from paper to picture must be over."""

CAPTION_EDGE_STEP = 18
"""Grey levels by which the mean of a line must move away from the paper's colour at the edge."""

CAPTION_PICTURE_SHARE = 0.55
"""Share that must go on differing behind the edge: a rule or a time line does not."""

MIN_CAPTION_DEPTH, MIN_CAPTION_LINES = 0.035, 8
"""A bar holds a line of print: as a share of the height, and in lines."""

MAX_CAPTION_DEPTH = 0.45
"""Share of the height that one bar may take."""

CAPTION_END_SHARE, CAPTION_END_STRAY = 0.015, 0.06
"""The two ends of a bar's lines, and the share of them that may be anything but paper."""


def captioned_depths(image: Image) -> tuple[int, int]:
    """Lines of the captioned bar above and below the picture; 0 where none is proved."""
    return _depth(image), _depth(image[::-1])


def _depth(lines: Image) -> int:
    height, width = lines.shape[:2]
    thinnest = max(2, math.ceil(0.01 * height))
    if height < 32 or width < 32:
        return 0
    colour = np.median(lines[:thinnest].reshape(-1, 3), axis=0)
    off = _off(lines[: round(MAX_CAPTION_DEPTH * height) + 8], colour)
    share = off.mean(axis=1)
    if share[:thinnest].max() > 0.02:
        return 0
    for edge in np.flatnonzero(share >= CAPTION_EDGE_SHARE):
        if _ends_at(int(edge), off, share, height) and _is_step(lines, int(edge), colour):
            return int(edge)
        if off[:edge].mean() > 1 - CAPTION_PAPER_SHARE:
            break
    return 0


def _ends_at(edge: int, off: npt.NDArray[np.bool_], share: npt.NDArray[np.float64], height: int) -> bool:
    """Whether the bar may end before the line `edge`, the first of the picture."""
    if edge < max(MIN_CAPTION_LINES, MIN_CAPTION_DEPTH * height) or edge + 4 >= len(share):
        return False
    before = share[max(0, edge - CAPTION_EDGE_LINES) : edge]
    side = max(1, round(CAPTION_END_SHARE * off.shape[1]))
    ends = off[: edge - len(before) + 1, np.r_[0:side, -side:0]]
    return bool(
        before.min() <= 0.03
        and share[edge + 1 : edge + 16].mean() >= CAPTION_PICTURE_SHARE
        and off[:edge].mean() <= 1 - CAPTION_PAPER_SHARE
        and (ends.size == 0 or ends.mean() <= CAPTION_END_STRAY)
    )


def _is_step(lines: Image, edge: int, colour: npt.NDArray[np.float64]) -> bool:
    """Whether the lines leave the paper's colour at once, and not in a slope, as a vignette does."""
    around = lines[edge - 3 : edge + 6].astype(np.float64)
    away = np.abs(around - colour).max(axis=2).mean(axis=1)
    rise = away[4] - away[0]
    return bool(rise >= CAPTION_EDGE_STEP and rise >= 2 * (away[-1] - away[4]))


def _off(lines: Image, colour: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which pixels are off the colour in any channel."""
    return np.asarray(
        cv2.inRange(np.ascontiguousarray(lines), colour - CAPTION_TOLERANCE, colour + CAPTION_TOLERANCE) == 0
    )
