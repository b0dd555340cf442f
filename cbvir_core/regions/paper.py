"""Pictures on flat paper: what is left of a page when its paper and its print are taken away.

A page is a few flat colours (paper, cards, bubbles, the black of a player) with thin print on them; a
photograph is neither flat nor thin.  So for each flat colour, and for all of them together, what is
off the colour is opened by more than a line of print is high, and every part that remains gives a box.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Box, Image

BinaryMask = npt.NDArray[np.uint8]
"""H x W, 1 where something is."""

MAX_FLAT_GRADIENT = 8
"""Grey levels between neighbours up to which a place is flat (JPEG at quality 50)."""

MIN_PAPER_SHARE = 0.03
"""Share of the page that a colour must fill flatly to be taken for paper."""

PAPER_TOLERANCE = 12
"""Grey levels by which paper may differ from its colour."""

MAX_PAPER_COLOURS = 4
"""Flat colours that are looked at, the most frequent first."""

MAX_PRINT_HEIGHT_PX = 9
"""Pixels of 512 that a line of print is high, at most; what is thinner is no picture."""

MIN_PICTURE_AREA_SHARE = 0.012
"""Area of a picture as a share of the page, at least."""

MAX_PICTURE_AREA_SHARE = 0.97
"""Area of a picture as a share of the page, at most."""

MIN_LINE_COVERAGE = 0.5
"""Share of a row or column of the box that must be off the paper, or it is cut from the box."""


def paper_boxes(image: Image) -> list[Box]:
    """Return boxes of what lies on paper in a picture of about 512 pixels; unordered, some nearly alike."""
    boxes: dict[Box, None] = {}
    for mask in _masks(image):
        for box in _parts(mask):
            boxes.setdefault(_trimmed(mask, box))
    height, width = image.shape[:2]
    shares = ((box, _area(box) / (width * height)) for box in boxes)
    return [box for box, share in shares if MIN_PICTURE_AREA_SHARE <= share <= MAX_PICTURE_AREA_SHARE]


def _masks(image: Image) -> Iterator[BinaryMask]:
    """Yield masks of what is off each flat colour; of what is off all of them; and of what is not smooth."""
    red, green, blue = cv2.split(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    flat = np.maximum(np.maximum(red, green), blue) <= MAX_FLAT_GRADIENT
    off_all: BinaryMask = np.ones(image.shape[:2], np.uint8)
    count = 0
    for colour in _flat_colours(image, flat):
        low, high = (np.clip(colour + shift, 0, 255) for shift in (-PAPER_TOLERANCE, PAPER_TOLERANCE))
        off: BinaryMask = np.asarray(cv2.inRange(image, low, high) == 0, np.uint8)
        off_all &= off
        count += 1
        yield off
    if count > 1:
        yield off_all
    yield np.asarray(cv2.blur((~flat).astype(np.float32), (7, 7)) > 0.3, np.uint8)


def _flat_colours(image: Image, flat: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.float64]]:
    """Yield colours that fill much of the page flatly, the most frequent first."""
    step = 2  # each second pixel of each second line tells as much
    pixels = image[::step, ::step][flat[::step, ::step]].astype(np.int32)
    min_pixels = MIN_PAPER_SHARE * image.shape[0] * image.shape[1] / step**2
    for _ in range(MAX_PAPER_COLOURS):
        if len(pixels) < min_pixels:
            return
        bins = (pixels[:, 0] >> 3) << 10 | (pixels[:, 1] >> 3) << 5 | pixels[:, 2] >> 3
        colour = pixels[bins == np.bincount(bins).argmax()].mean(axis=0)
        red, green, blue = np.abs(pixels - colour).T
        alike = (red <= PAPER_TOLERANCE) & (green <= PAPER_TOLERANCE) & (blue <= PAPER_TOLERANCE)
        if alike.sum() >= min_pixels:
            yield colour
        pixels = pixels[~alike]


def _parts(mask: BinaryMask) -> Iterator[Box]:
    """Yield boxes of the parts that are thicker than print."""
    opened = cv2.morphologyEx(
        cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)),
        cv2.MORPH_OPEN,
        np.ones((MAX_PRINT_HEIGHT_PX, MAX_PRINT_HEIGHT_PX), np.uint8),
    )
    min_area = MIN_PICTURE_AREA_SHARE * mask.size
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    for left, top, width, height, _area_px in stats[1:].tolist():
        if width * height >= min_area and min(width, height) >= 2 * MAX_PRINT_HEIGHT_PX:
            yield left, top, left + width, top + height


def _trimmed(mask: BinaryMask, box: Box) -> Box:
    """Return the box without outer rows and columns that are mostly paper.

    They come from print and icons that touch the picture.
    """
    left, top, right, bottom = box
    for _ in range(2):
        rows = mask[top:bottom, left:right].mean(axis=1)
        low, high = _longest_run(rows >= MIN_LINE_COVERAGE)
        top, bottom = top + low, top + high
        columns = mask[top:bottom, left:right].mean(axis=0) if bottom > top else np.zeros(0)
        low, high = _longest_run(columns >= MIN_LINE_COVERAGE)
        left, right = left + low, left + high
        if right <= left or bottom <= top:
            return box
    return left, top, right, bottom


def _longest_run(covered: npt.NDArray[np.bool_], max_gap: int = 6) -> tuple[int, int]:
    """Return start and end of the longest run of covered lines, across gaps of a few."""
    lines = np.flatnonzero(covered)
    if not lines.size:
        return 0, 0
    runs = np.split(lines, np.flatnonzero(np.diff(lines) > max_gap) + 1)
    longest = max(runs, key=lambda run: int(run[-1] - run[0]))
    return int(longest[0]), int(longest[-1]) + 1


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
