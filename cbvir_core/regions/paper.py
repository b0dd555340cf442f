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

Mask = npt.NDArray[np.uint8]
"""H x W, 1 where something is."""

FLAT = 8
"""Grey levels between neighbours up to which a place is flat (JPEG at quality 50)."""

LEAST_PAPER = 0.03
"""Share of the page that a colour must fill flatly to be taken for paper."""

TOLERANCE = 12
"""Grey levels by which paper may differ from its colour."""

COLOURS = 4
"""Flat colours that are looked at, the most frequent first."""

PRINT = 9
"""Pixels of 512 that a line of print is high, at most; what is thinner is no picture."""

SMALLEST = 0.012
"""Area of a picture as a share of the page, at least."""

FULL = 0.5
"""Share of a line of the box that must be off the paper, or the line is cut from the box."""


def paper_boxes(image: Image) -> list[Box]:
    """Boxes of what lies on paper in a picture of about 512 pixels; unordered, some nearly alike."""
    boxes: dict[Box, None] = {}
    for mask in _masks(image):
        for box in _parts(mask):
            boxes.setdefault(_trimmed(mask, box))
    height, width = image.shape[:2]
    return [box for box in boxes if SMALLEST <= _area(box) / (width * height) <= 0.97]


def _masks(image: Image) -> Iterator[Mask]:
    """What is off each flat colour; off all of them; and what is not smooth."""
    red, green, blue = cv2.split(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    calm = np.maximum(np.maximum(red, green), blue) <= FLAT
    everything: Mask = np.ones(image.shape[:2], np.uint8)
    count = 0
    for colour in _flat_colours(image, calm):
        low, high = (np.clip(colour + shift, 0, 255) for shift in (-TOLERANCE, TOLERANCE))
        off: Mask = np.asarray(cv2.inRange(image, low, high) == 0, np.uint8)
        everything &= off
        count += 1
        yield off
    if count > 1:
        yield everything
    yield np.asarray(cv2.blur((~calm).astype(np.float32), (7, 7)) > 0.3, np.uint8)


def _flat_colours(image: Image, calm: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.float64]]:
    """Colours that fill much of the page flatly, the most frequent first."""
    every = 2  # each second pixel of each second line tells as much
    pixels = image[::every, ::every][calm[::every, ::every]].astype(np.int32)
    least = LEAST_PAPER * image.shape[0] * image.shape[1] / every**2
    for _ in range(COLOURS):
        if len(pixels) < least:
            return
        bins = (pixels[:, 0] >> 3) << 10 | (pixels[:, 1] >> 3) << 5 | pixels[:, 2] >> 3
        colour = pixels[bins == np.bincount(bins).argmax()].mean(axis=0)
        off = np.abs(pixels - colour)
        like = (off[:, 0] <= TOLERANCE) & (off[:, 1] <= TOLERANCE) & (off[:, 2] <= TOLERANCE)
        if like.sum() >= least:
            yield colour
        pixels = pixels[~like]


def _parts(mask: Mask) -> Iterator[Box]:
    """Boxes of the parts that are thicker than print."""
    opened = cv2.morphologyEx(
        cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)),
        cv2.MORPH_OPEN,
        np.ones((PRINT, PRINT), np.uint8),
    )
    least = SMALLEST * mask.size
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    for left, top, width, height, _area_px in stats[1:].tolist():
        if width * height >= least and min(width, height) >= 2 * PRINT:
            yield left, top, left + width, top + height


def _trimmed(mask: Mask, box: Box) -> Box:
    """The box without outer lines that are mostly paper: print and icons that touch the picture."""
    left, top, right, bottom = box
    for _ in range(2):
        rows = mask[top:bottom, left:right].mean(axis=1)
        low, high = _longest(rows >= FULL)
        top, bottom = top + low, top + high
        columns = mask[top:bottom, left:right].mean(axis=0) if bottom > top else np.zeros(0)
        low, high = _longest(columns >= FULL)
        left, right = left + low, left + high
        if right <= left or bottom <= top:
            return box
    return left, top, right, bottom


def _longest(full: npt.NDArray[np.bool_], gap: int = 6) -> tuple[int, int]:
    """The longest run of full lines, across gaps of a few."""
    places = np.flatnonzero(full)
    if not places.size:
        return 0, 0
    runs = np.split(places, np.flatnonzero(np.diff(places) > gap) + 1)
    run = max(runs, key=lambda found: int(found[-1] - found[0]))
    return int(run[0]), int(run[-1]) + 1


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
