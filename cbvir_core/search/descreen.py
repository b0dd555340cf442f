"""Printed pictures: the screen of dots is found by its frequency, and taken out.

A newspaper prints greys as dots of several sizes on a grid.  To a network and to local features the dots are
the picture; blurred until they run together, they are the greys again.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Image

TILE_SIDE = 256
"""Pixels; the side of the middle part of a picture whose frequencies are looked at."""

MIN_TILE_SIDE = 96
"""Pixels; in a smaller picture no screen is looked for."""

FREQUENCIES = (0.08, 0.5)
"""Dots per pixel, along a row of them, that a screen may have: 2 to 12 pixels from dot to dot."""

PEAKS = 8
"""Strongest frequencies of one distance from zero that are added up: a grid of dots has a few of them."""

MIN_SCREEN_SHARE = 0.15
"""Share of the picture's variation that lies in these from which they are a screen
(``python -m bench.measure.descreen``)."""

BLUR_PERIODS = 0.45
"""Standard deviation of the blur in distances between dots: it leaves a fiftieth of the screen."""


def without_screen(picture: Image) -> Image:
    """Return a printed picture without its screen of dots; another picture as it is."""
    frequency = screen_frequency(picture)
    if frequency is None:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_PERIODS / frequency), np.uint8)


def screen_frequency(picture: Image) -> float | None:
    """Return the frequency of a screen, in dots per pixel; None where the picture has none."""
    if min(picture.shape[:2]) < MIN_TILE_SIDE:
        return None
    share, frequency = strongest_frequency(picture)
    return frequency if share >= MIN_SCREEN_SHARE else None


def strongest_frequency(picture: Image) -> tuple[float, float]:
    """Return the share of the variation in a few frequencies of one distance from zero, and that distance.

    The picture's sides are `MIN_TILE_SIDE` at least.
    """
    height, width = picture.shape[:2]
    side = min(height, width, TILE_SIDE)
    top, left = (height - side) // 2, (width - side) // 2
    tile = cv2.cvtColor(picture[top : top + side, left : left + side], cv2.COLOR_RGB2GRAY).astype(np.float32)
    window = np.hanning(side).astype(np.float32)
    power = np.abs(np.fft.rfft2((tile - tile.mean()) * np.outer(window, window))) ** 2
    distance = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    inside = (distance >= FREQUENCIES[0]) & (distance < FREQUENCIES[1])
    rings = np.round(distance[inside] * 100).astype(np.int64)
    order = np.lexsort((-power[inside], rings))
    rings, strong = rings[order], power[inside][order]
    begins = np.flatnonzero(np.diff(rings, prepend=-1))
    sums = [float(strong[begin : begin + PEAKS].sum()) for begin in begins]
    best = int(np.argmax(sums))
    total = float(power[distance > 0.02].sum())
    return (sums[best] / total if total > 0 else 0.0), float(rings[begins[best]] / 100)
