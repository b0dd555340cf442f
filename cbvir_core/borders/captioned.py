"""Bars that hold something: a caption, a logo, the buttons of a player.

Such a bar is not a run of lines of one colour: it has a background, here called paper, and print on it.
So its conditions are stricter than those of a plain bar: it begins with lines without print, most of it is
paper, the print keeps off both ends of its lines, and after a line without print nearly the whole width
changes at once and stays changed.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image

CAPTION_TOLERANCE = 14
"""Grey levels by which paper may differ from its colour, more than in a plain bar: print causes ringing."""

CAPTION_PAPER_SHARE = 0.62
"""Share of the bar's pixels that must be paper; three lines of bold capitals leave about this much."""

CAPTION_EDGE_SHARE = 0.8
"""Share of the picture's first line that must differ from the paper; it is less for a bar without print."""

CAPTION_EDGE_LINES = 5
"""Lines within which the change from paper to picture must be complete."""

CAPTION_EDGE_STEP = 18
"""Grey levels by which the mean of a line must depart from the paper's colour at the edge."""

CAPTION_PICTURE_SHARE = 0.55
"""Share of the lines behind the edge that must differ as well; behind a rule or a time line they do not."""

MIN_CAPTION_DEPTH, MIN_CAPTION_LINES = 0.035, 8
"""Depth of a bar, at least, as a share of the height and in lines: it holds a line of print."""

MAX_CAPTION_DEPTH = 0.45
"""Share of the height that one bar may take, at most."""

CAPTION_END_SHARE, CAPTION_END_STRAY = 0.015, 0.06
"""Width of each end of a bar's lines, as a share, and what share of the ends may be anything but paper."""


def captioned_depths(image: Image) -> tuple[int, int]:
    """Return the depths in lines of the captioned bars above and below the picture; 0 where none is found."""
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
    """Return whether the bar may end before the line `edge`, the first of the picture."""
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
    """Return whether the lines depart from the paper's colour in a step, not in a slope as in a vignette."""
    around = lines[edge - 3 : edge + 6].astype(np.float64)
    away = np.abs(around - colour).max(axis=2).mean(axis=1)
    rise = away[4] - away[0]
    return bool(rise >= CAPTION_EDGE_STEP and rise >= 2 * (away[-1] - away[4]))


def _off(lines: Image, colour: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which pixels differ from the colour in any channel."""
    return np.asarray(
        cv2.inRange(np.ascontiguousarray(lines), colour - CAPTION_TOLERANCE, colour + CAPTION_TOLERANCE) == 0
    )
