"""Where in a query the picture may lie: a web page, a chat, a player's window, a photographed screen.

`propose` collects four-sided parts from what lies on flat paper (`regions_paper`), from straight lines
(`regions_lines`) and from bars (`decode.borders`), orders them by how likely each is the picture
(`regions_promise`), and fills up with a pyramid of crops.  `extract` cuts one out and straightens it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cbvir_core.borders.still import content_box
from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.regions.lines import Quads, line_quads
from cbvir_core.regions.paper import paper_boxes
from cbvir_core.regions.ranking import promise
from cbvir_core.types import Box, Image

BORDERS, PAPER, LINES, SCREEN, CROP = "borders", "paper", "lines", "screen", "crop"

Corners = tuple[tuple[float, float], ...]
"""x and y of the upper left, upper right, lower right and lower left corner, in pixels."""

ALIKE, TILTED_ALIKE = 0.8, 0.92
"""Intersection over union from which on the less promising of two regions is left out: of two of one
kind; of a box and a quad, which straightens what the box only bounds."""

LARGEST = 0.93
"""Share of the picture from which on a region is the whole picture, which is looked for anyway."""

LEAST = 0.015
"""Promise below which a crop of the pyramid is as good."""

LEVEL = 0.012
"""Slope up to which a side counts as level, so that the region is a box."""

INSIDE = 3
"""Regions, the best first, in which bars are looked for: a film within its player."""

PYRAMID: tuple[tuple[float, float, float, float], ...] = (
    (0.125, 0.125, 0.875, 0.875),
    (0.0, 0.0, 1.0, 0.6),
    (0.0, 0.4, 1.0, 1.0),
    (0.0, 0.0, 0.6, 1.0),
    (0.4, 0.0, 1.0, 1.0),
    (0.25, 0.25, 0.75, 0.75),
    (0.0, 0.0, 0.6, 0.6),
    (0.4, 0.0, 1.0, 0.6),
    (0.0, 0.4, 0.6, 1.0),
    (0.4, 0.4, 1.0, 1.0),
    (0.0, 0.2, 1.0, 0.8),
    (0.2, 0.0, 0.8, 1.0),
)
"""Crops as shares of width and height: left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture in which another picture may lie.

    `box` is left, top, right, bottom in pixels of the picture that was handed in (right and bottom
    outside); `quad` the corners where the part is no upright rectangle (`box` then bounds it).
    `kind` says what it was found by: `borders`, `paper`, `lines`, `screen` (a tilted quad) or `crop`.
    `promise` is the probability that it is the picture, 0 for a crop of the pyramid.
    """

    box: Box
    kind: str
    quad: Corners | None = None
    promise: float = 0.0


def propose(image: Image, budget: int = 12) -> list[Region]:
    """At most `budget` regions, the most promising first; the same ones for the same picture.

    No two are nearly alike, and none is nearly the whole picture.
    """
    small = fit_within(image, STILL_SIDE)
    regions = _distinct(_found(small), small, budget)
    regions = _distinct(regions + _inside_of(regions[:INSIDE], small), small, budget)
    regions = _distinct(regions + _pyramid(small), small, budget)
    scale = image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]
    return [_scaled(region, scale, image) for region in regions]


def extract(image: Image, region: Region) -> Image:
    """The region as a picture of its own: cut out, or made rectangular where it has a quad."""
    left, top, right, bottom = region.box
    if region.quad is None:
        return np.ascontiguousarray(image[top:bottom, left:right])
    quad = np.array(region.quad, np.float32)
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    width, height = max(1, round(float(sides[::2].mean()))), max(1, round(float(sides[1::2].mean())))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    # Corners lie between pixels, OpenCV's coordinates on their centres: hence the half pixels.
    matrix = cv2.getPerspectiveTransform(quad - 0.5, target - 0.5)
    return np.asarray(
        cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _found(small: Image) -> list[Region]:
    """Regions by all three ways, with their promise."""
    bars = content_box(small)
    named = [(_corners(box), PAPER) for box in paper_boxes(small)]
    named += [(_corners(bars), BORDERS)] if bars else []
    lines = line_quads(small)
    quads = np.concatenate([np.stack([quad for quad, _ in named]), lines]) if named else lines
    kinds = [kind for _, kind in named] + [LINES] * len(lines)
    return _judged(small, np.asarray(quads, np.float32), kinds)


def _judged(small: Image, quads: Quads, kinds: list[str]) -> list[Region]:
    if not len(quads):
        return []
    of = np.array(kinds)
    sure = promise(small, quads, of == PAPER, of == BORDERS)
    return [_region(*one, small) for one in zip(quads, kinds, sure.tolist(), strict=True)]


def _region(quad: Quads, kind: str, sure: float, small: Image) -> Region:
    """A box where the sides are level, else a quad."""
    height, width = small.shape[:2]
    way = np.abs(np.roll(quad, -1, axis=0) - quad)
    level = max(
        (way[::2, 1] / np.maximum(way[::2, 0], 1)).max(), (way[1::2, 0] / np.maximum(way[1::2, 1], 1)).max()
    )
    if level <= LEVEL or kind != LINES:
        x, y = np.sort(quad[:, 0]), np.sort(quad[:, 1])
        box = round(x[:2].mean()), round(y[:2].mean()), round(x[2:].mean()), round(y[2:].mean())
        return Region(_clipped(box, width, height), kind, None, sure)
    low, high = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0))
    box = int(low[0]), int(low[1]), int(high[0]), int(high[1])
    corners = tuple((float(x), float(y)) for x, y in quad)
    return Region(_clipped(box, width, height), SCREEN, corners, sure)


def _inside_of(regions: list[Region], small: Image) -> list[Region]:
    """What lies between bars within the regions, as promising as a region of its looks."""
    boxes = []
    for region in regions:
        left, top, right, bottom = region.box
        inner = content_box(small[top:bottom, left:right]) if region.quad is None else None
        if inner is not None and region.kind != BORDERS:
            boxes.append((left + inner[0], top + inner[1], left + inner[2], top + inner[3]))
    if not boxes:
        return []
    return _judged(small, np.stack([_corners(box) for box in boxes]), [BORDERS] * len(boxes))


def _distinct(regions: list[Region], small: Image, budget: int) -> list[Region]:
    """The most promising ones, none nearly the whole picture and no two nearly alike."""
    whole = (0, 0, small.shape[1], small.shape[0])
    kept: list[Region] = []
    for region in sorted(regions, key=lambda one: -one.promise):
        if len(kept) == budget:
            break
        if region.kind != CROP and region.promise < LEAST:
            continue
        large = overlap(region.box, whole) > LARGEST and region.quad is None
        if not large and not any(_alike(region, other) for other in kept):
            kept.append(region)
    return kept


def _alike(one: Region, other: Region) -> bool:
    if one.quad is None and other.quad is None:
        return overlap(one.box, other.box) >= ALIKE
    if overlap(one.box, other.box) < ALIKE / 2:
        return False
    first, second = (_shape(region) for region in (one, other))
    both, _ = cv2.intersectConvexConvex(first, second)
    either = cv2.contourArea(first) + cv2.contourArea(second) - both
    least = ALIKE if (one.quad is None) == (other.quad is None) else TILTED_ALIKE
    return bool(both >= least * either)


def _shape(region: Region) -> Quads:
    return _corners(region.box) if region.quad is None else np.array(region.quad, np.float32)


def _pyramid(small: Image) -> list[Region]:
    height, width = small.shape[:2]
    shares = [(a * width, b * height, c * width, d * height) for a, b, c, d in PYRAMID]
    boxes = [(round(a), round(b), round(c), round(d)) for a, b, c, d in shares]
    return [Region(_clipped(box, width, height), CROP) for box in boxes]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0, wide) * max(0, tall)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both)


def _corners(box: Box) -> Quads:
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _clipped(box: Box, width: int, height: int) -> Box:
    """The box within the picture, at least a pixel wide and high."""
    left, top = min(max(0, box[0]), width - 1), min(max(0, box[1]), height - 1)
    return left, top, max(left + 1, min(width, box[2])), max(top + 1, min(height, box[3]))


def _scaled(region: Region, scale: tuple[float, float], image: Image) -> Region:
    """The region in pixels of the picture that was handed in."""
    height, width = image.shape[:2]
    x, y = scale
    left, top, right, bottom = region.box
    box = _clipped((round(left * x), round(top * y), round(right * x), round(bottom * y)), width, height)
    quad = None if region.quad is None else tuple((px * x, py * y) for px, py in region.quad)
    return Region(box, region.kind, quad, region.promise)
