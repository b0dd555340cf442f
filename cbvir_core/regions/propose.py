"""Where in a query the picture may lie: a web page, a chat, a player's window, a photographed screen.

`propose_regions` collects quadrilateral parts from what lies on flat paper (`paper`), from straight lines
(`lines`) and from borders (`cbvir_core.borders`), orders them by how likely each is the picture (`ranking`),
and fills up with a pyramid of crops.  `extract_region` cuts one out and straightens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from cbvir_core.borders import content_box
from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.geometry import Polygon, Size, box_corners, box_overlap, clip_box
from cbvir_core.regions.lines import Quads, line_quads
from cbvir_core.regions.paper import paper_boxes
from cbvir_core.regions.ranking import picture_probability
from cbvir_core.types import Box, Image

Quad = tuple[tuple[float, float], ...]
"""x and y of the upper left, upper right, lower right and lower left corner, in pixels."""

MAX_REGION_OVERLAP, MAX_TILTED_OVERLAP = 0.8, 0.92
"""Intersection over union from which on the less probable of two regions is left out: of two of one
kind; of a box and a quad, which straightens what the box only bounds."""

WHOLE_PICTURE_OVERLAP = 0.93
"""Share of the picture from which on a region is the whole picture, which is looked for anyway."""

MIN_REGION_PROBABILITY = 0.015
"""Probability below which a crop of the pyramid is as good."""

MAX_LEVEL_SLOPE = 0.012
"""Slope up to which a side counts as level, so that the region is a box."""

REGIONS_WITH_INNER_BORDERS = 3
"""Regions, the best first, in which borders are looked for: a film within its player."""

CROP_PYRAMID: tuple[tuple[float, float, float, float], ...] = (
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


class RegionKind(StrEnum):
    """What a region was found by."""

    BORDERS = "borders"
    PAPER = "paper"
    LINES = "lines"
    SCREEN = "screen"  # by lines that are tilted
    CROP = "crop"


@dataclass(frozen=True, slots=True)
class ProposedRegion:
    """A part of a picture in which another picture may lie.

    `box` is in pixels of the picture that was handed in; `quad` the corners where the part is no upright
    rectangle (`box` then bounds it).  `probability` is that it is the picture, 0 for a crop of the pyramid.
    """

    box: Box
    kind: RegionKind
    quad: Quad | None = None
    probability: float = 0.0


def propose_regions(image: Image, budget: int = 12) -> list[ProposedRegion]:
    """Return at most `budget` regions, the most probable first; the same ones for the same picture.

    No two are nearly alike, and none is nearly the whole picture.
    """
    small = fit_within(image, STILL_SIDE)
    regions = _distinct(_with_probability(small, *candidate_quads(small)), small, budget)
    inner = _regions_between_borders(regions[:REGIONS_WITH_INNER_BORDERS], small)
    regions = _distinct(regions + inner, small, budget)
    regions = _distinct(regions + _crops(small), small, budget)
    scale = image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]
    return [_scaled(region, scale, image) for region in regions]


def extract_region(image: Image, region: ProposedRegion) -> Image:
    """Return the region as a picture of its own: cut out, or made rectangular where it has a quad."""
    left, top, right, bottom = region.box
    if region.quad is None:
        return np.ascontiguousarray(image[top:bottom, left:right])
    quad = np.array(region.quad, np.float32)
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    width, height = max(1, round(float(sides[::2].mean()))), max(1, round(float(sides[1::2].mean())))
    # Corners lie between pixels, OpenCV's coordinates on their centres: hence the half pixels.
    matrix = cv2.getPerspectiveTransform(quad - 0.5, box_corners((0, 0, width, height)) - 0.5)
    return np.asarray(
        cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def candidate_quads(small: Image) -> tuple[Quads, list[RegionKind]]:
    """Return the quadrilaterals that paper, borders and lines give in a picture of about 512 pixels."""
    content = content_box(small)
    boxes = [(box_corners(box), RegionKind.PAPER) for box in paper_boxes(small)]
    boxes += [(box_corners(content), RegionKind.BORDERS)] if content else []
    lines = line_quads(small)
    quads = np.concatenate([np.stack([quad for quad, _ in boxes]), lines]) if boxes else lines
    kinds = [kind for _, kind in boxes] + [RegionKind.LINES] * len(lines)
    return np.asarray(quads, np.float32), kinds


def _with_probability(small: Image, quads: Quads, kinds: list[RegionKind]) -> list[ProposedRegion]:
    """Return the quadrilaterals as regions, in the same order."""
    if not len(quads):
        return []
    from_paper = np.array([kind == RegionKind.PAPER for kind in kinds])
    from_borders = np.array([kind == RegionKind.BORDERS for kind in kinds])
    probabilities = picture_probability(small, quads, from_paper, from_borders).tolist()
    return [
        _region(quad, kind, probability, small)
        for quad, kind, probability in zip(quads, kinds, probabilities, strict=True)
    ]


def _region(quad: Polygon, kind: RegionKind, probability: float, small: Image) -> ProposedRegion:
    """Return a box where the sides are level, else a quad."""
    edges = np.abs(np.roll(quad, -1, axis=0) - quad)
    steepest_across = (edges[::2, 1] / np.maximum(edges[::2, 0], 1)).max()
    steepest_down = (edges[1::2, 0] / np.maximum(edges[1::2, 1], 1)).max()
    if max(steepest_across, steepest_down) <= MAX_LEVEL_SLOPE or kind != RegionKind.LINES:
        x, y = np.sort(quad[:, 0]), np.sort(quad[:, 1])
        box = round(x[:2].mean()), round(y[:2].mean()), round(x[2:].mean()), round(y[2:].mean())
        return ProposedRegion(clip_box(box, _size(small)), kind, None, probability)
    low, high = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0))
    box = int(low[0]), int(low[1]), int(high[0]), int(high[1])
    corners = tuple((float(x), float(y)) for x, y in quad)
    return ProposedRegion(clip_box(box, _size(small)), RegionKind.SCREEN, corners, probability)


def _regions_between_borders(regions: list[ProposedRegion], small: Image) -> list[ProposedRegion]:
    """Return what lies between borders within the regions, with its own probability."""
    boxes = []
    for region in regions:
        left, top, right, bottom = region.box
        inner = content_box(small[top:bottom, left:right]) if region.quad is None else None
        if inner is not None and region.kind != RegionKind.BORDERS:
            boxes.append((left + inner[0], top + inner[1], left + inner[2], top + inner[3]))
    if not boxes:
        return []
    quads = np.stack([box_corners(box) for box in boxes])
    return _with_probability(small, quads, [RegionKind.BORDERS] * len(boxes))


def _distinct(regions: list[ProposedRegion], small: Image, budget: int) -> list[ProposedRegion]:
    """Return the most probable ones, none nearly the whole picture and no two nearly alike."""
    whole = (0, 0, *_size(small))
    kept: list[ProposedRegion] = []
    for region in sorted(regions, key=lambda region: -region.probability):
        if len(kept) == budget:
            break
        if region.kind != RegionKind.CROP and region.probability < MIN_REGION_PROBABILITY:
            continue
        is_whole = box_overlap(region.box, whole) > WHOLE_PICTURE_OVERLAP and region.quad is None
        if not is_whole and not any(_nearly_alike(region, other) for other in kept):
            kept.append(region)
    return kept


def _nearly_alike(one: ProposedRegion, other: ProposedRegion) -> bool:
    if one.quad is None and other.quad is None:
        return box_overlap(one.box, other.box) >= MAX_REGION_OVERLAP
    if box_overlap(one.box, other.box) < MAX_REGION_OVERLAP / 2:
        return False
    first, second = _corners(one), _corners(other)
    intersection, _ = cv2.intersectConvexConvex(first, second)
    union = cv2.contourArea(first) + cv2.contourArea(second) - intersection
    same_form = (one.quad is None) == (other.quad is None)
    return bool(intersection >= (MAX_REGION_OVERLAP if same_form else MAX_TILTED_OVERLAP) * union)


def _corners(region: ProposedRegion) -> Polygon:
    return box_corners(region.box) if region.quad is None else np.array(region.quad, np.float32)


def _crops(small: Image) -> list[ProposedRegion]:
    width, height = _size(small)
    boxes = [
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
        for left, top, right, bottom in CROP_PYRAMID
    ]
    return [ProposedRegion(clip_box(box, (width, height)), RegionKind.CROP) for box in boxes]


def _scaled(region: ProposedRegion, scale: tuple[float, float], image: Image) -> ProposedRegion:
    """Return the region in pixels of the picture that was handed in."""
    x_scale, y_scale = scale
    left, top, right, bottom = region.box
    box = round(left * x_scale), round(top * y_scale), round(right * x_scale), round(bottom * y_scale)
    quad = None if region.quad is None else tuple((x * x_scale, y * y_scale) for x, y in region.quad)
    return ProposedRegion(clip_box(box, _size(image)), region.kind, quad, region.probability)


def _size(image: Image) -> Size:
    return image.shape[1], image.shape[0]
