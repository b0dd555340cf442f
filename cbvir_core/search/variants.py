"""The pictures that are looked for in place of the query picture: variants of it, and parts of it.

Ingest and query share `fit_within`: a query is shrunk to the size at which keyframes are embedded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cbvir_core.borders.still import content_box
from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.decode.blank import is_blank
from cbvir_core.errors import InputError
from cbvir_core.geometry import Matrix
from cbvir_core.regions import ProposedRegion, RegionKind, extract_region, propose_regions
from cbvir_core.types import Box, Image, Region
from cbvir_core.verify import LocalFeatures

PLAIN = "plain"
BORDERS_REMOVED = "borders_removed"
MIRRORED = "mirrored"
IN_REGION = "region"
TURNED = {1: "turned_90", 2: "turned_180", 3: "turned_270"}
"""Names of turned variants, by the quarter turns to the left that make a query upright.  The query was turned
to the right by the degrees in the name."""

GRIDS = ((1, 2), (2, 1), (3, 3))
"""Rows and columns into which a picture is cut for parts: halves of a collage, cells of a contact sheet."""

MIN_CELL_SIDE = 32
"""Pixels; a smaller part has no local features, so nothing could confirm what it resembles."""

MIN_PART_POINTS = 12
"""Local features that a part has at least."""

MAX_PARTS = 8
"""Parts that are proposed where a picture seems to lie in another, the most probable first.  The cells of
`GRIDS` come on top."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One picture to look for, and the name of what was done to get it."""

    name: str
    image: Image


def variants_of(
    picture: Image, region: Region | None = None, *, borders: bool = True, mirrored: bool = True
) -> list[Variant]:
    """Return the variants of a picture: plain, and without bars where it has any around content.

    With `mirrored` each of them comes mirrored too; without `borders` bars are not looked for.  Raises
    InputError for a region that does not lie in the picture.
    """
    if region is not None:
        picture = crop(picture, region)
    small = fit_within(picture, STILL_SIDE)
    variants = [Variant(PLAIN, small)]
    box = content_box(small) if borders else None
    if box is not None:
        inner = fit_within(_cut(picture, box, small), STILL_SIDE)
        if not is_blank(inner):
            variants.append(Variant(BORDERS_REMOVED, inner))
    return variants + [_mirrored(variant) for variant in variants if mirrored]


def parts_of(picture: Image, features: LocalFeatures) -> list[Variant]:
    """Return the parts in which another picture may lie: in a page, in a player, on a screen.

    `features` are those of the picture.  A part without any is left out: floors and blurs of all films
    resemble each other, and nothing could confirm which of them it is.
    """
    height, width = picture.shape[:2]
    proposed = propose_regions(picture, MAX_PARTS)
    cells = [ProposedRegion(box, RegionKind.CROP) for box in _cells(width, height)]
    points = features.points * np.array([width / features.width, height / features.height])
    parts = (
        fit_within(extract_region(picture, part), STILL_SIDE)
        for part in [*proposed, *cells]
        if _points_within(points, part.box) >= MIN_PART_POINTS
    )
    return [Variant(IN_REGION, part) for part in parts if not is_blank(part)]


def turned(variant: Variant) -> list[Variant]:
    """Return a picture turned by quarters."""
    return [
        Variant(name, np.ascontiguousarray(np.rot90(variant.image, quarters)))
        for quarters, name in TURNED.items()
    ]


def crop(picture: Image, region: Region) -> Image:
    """Return the part of the picture that the region names.  Raises InputError where there is none."""
    x, y, width, height = region
    rows, columns = picture.shape[:2]
    if x < 0 or y < 0 or width < 1 or height < 1 or x + width > columns or y + height > rows:
        raise InputError(
            f"the region {x},{y},{width},{height} does not lie in the picture of {columns} x {rows} pixels"
        )
    return np.ascontiguousarray(picture[y : y + height, x : x + width])


def _cells(width: int, height: int) -> list[Box]:
    """Return the cells of `GRIDS`."""
    return [
        (
            width * column // columns,
            height * row // rows,
            width * (column + 1) // columns,
            height * (row + 1) // rows,
        )
        for rows, columns in GRIDS
        if min(height // rows, width // columns) >= MIN_CELL_SIDE
        for row in range(rows)
        for column in range(columns)
    ]


def _points_within(points: Matrix, box: Box) -> int:
    inside = (points >= box[:2]) & (points < box[2:])
    return int(inside.all(axis=1).sum())


def _cut(picture: Image, box: Box, small: Image) -> Image:
    """Cut the box that was found in the shrunk picture from the full one, so that its detail is kept.

    Where the picture was shrunk, a line of the small one may be half bar: one line more is cut.
    """
    scale_x, scale_y = picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]
    spare = 1 if picture.shape != small.shape else 0
    left, top, right, bottom = box
    left, right = left + spare * (left > 0), right - spare * (right < small.shape[1])
    top, bottom = top + spare * (top > 0), bottom - spare * (bottom < small.shape[0])
    rows = slice(round(top * scale_y), round(bottom * scale_y))
    return np.ascontiguousarray(picture[rows, round(left * scale_x) : round(right * scale_x)])


def _mirrored(variant: Variant) -> Variant:
    name = MIRRORED if variant.name == PLAIN else f"{variant.name}+{MIRRORED}"
    return Variant(name, np.ascontiguousarray(variant.image[:, ::-1]))
