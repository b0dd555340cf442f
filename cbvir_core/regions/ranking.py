"""How likely a four-sided part of a picture is *the* picture in it: looks of its sides and its inside.

A logistic regression over a few numbers, fitted on drawn pages, chats, players, telephones and screens
around frames of real clips, and on those frames by themselves, in which no part is right
(``python tests/bench/measure/regions.py --pages 25 --fit`` prints the weights; it
measures on other seeds and the other half of the clips).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cbvir_core.regions.lines import Quads, side_support
from cbvir_core.types import Image

Numbers = npt.NDArray[np.float32]

GRID = 24
"""Places across and down at which the inside is looked at."""

OUTSIDE = (3.0, 7.0)
"""Pixels of 512 beyond the sides at which the surroundings are looked at."""

LIKE = 14
"""Grey levels to the side's median up to which the surroundings are one colour."""

AT_BORDER = 2.5
"""Pixels from the picture's own side at which a side has no surroundings."""

NAMES = (
    "edge, mean",
    "edge, weakest side",
    "flat outside, mean",
    "flat outside, weakest side",
    "sides at the border",
    "colours inside",
    "colours outside",
    "commonest colour inside",
    "log area",
    "shape",
    "tilt",
    "from paper",
    "from borders",
)

WEIGHTS = (-0.619, 3.665, 2.301, 0.798, -4.664, 0.087, -0.071, -5.257, 4.037, -1.625, 0.338, 1.977, 2.786)
BIAS = -1.72


def promise(image: Image, quads: Quads, paper: npt.NDArray[np.bool_], bars: npt.NDArray[np.bool_]) -> Numbers:
    """The probability that each quadrilateral is the picture that a page shows: N, in [0, 1].

    `paper` and `bars` say which were found by what lies on paper and by bars.  The image should be
    about 512 pixels long.
    """
    numbers = looks(image, quads, paper, bars)
    return np.asarray(1 / (1 + np.exp(-(numbers @ np.array(WEIGHTS, np.float32) + BIAS))), np.float32)


def looks(image: Image, quads: Quads, paper: npt.NDArray[np.bool_], bars: npt.NDArray[np.bool_]) -> Numbers:
    """N x len(NAMES) numbers, each in about [-2, 2]."""
    height, width = image.shape[:2]
    border = _at_border(quads, width, height)
    flat, around = _surroundings(image, quads)
    inside = _codes(_at(image, _grid(quads)))
    colours, commonest = _entropy(inside), _commonest(inside)
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    wide, tall = sides[:, ::2].mean(axis=1), sides[:, 1::2].mean(axis=1)
    level = np.abs(np.stack([quads[:, 0, 1] - quads[:, 1, 1], quads[:, 0, 0] - quads[:, 3, 0]]))
    columns = [
        *_over_sides(side_support(image, quads), border),
        *_over_sides(flat, border),
        border.mean(axis=1),
        colours / 4,
        _entropy(_codes(around)) / 4,
        commonest,
        np.log(np.maximum(wide * tall / (width * height), 1e-4)) / 2,
        np.abs(np.log(np.maximum(wide, 1) / np.maximum(tall, 1) / 1.5)),
        np.minimum(1.0, level.max(axis=0) / np.maximum(1, np.minimum(wide, tall)) * 10),
        paper.astype(np.float32),
        bars.astype(np.float32),
    ]
    return np.asarray(np.stack(columns, axis=1), np.float32)


def _over_sides(values: Numbers, border: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Mean and least of the sides that are not at the border; 0 where all are."""
    known = np.maximum(1, (~border).sum(axis=1))
    least = np.where(border, 2.0, values).min(axis=1)
    return (
        np.asarray(np.where(border, 0.0, values).sum(axis=1) / known, np.float32),
        np.asarray(np.where(border.all(axis=1), 0.0, least), np.float32),
    )


def _at_border(quads: Quads, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Which sides lie on the picture's own: N x 4, top, right, bottom, left."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2)
    gaps = (ends[:, 0, :, 1], width - ends[:, 1, :, 0], height - ends[:, 2, :, 1], ends[:, 3, :, 0])
    return np.stack([gap.max(axis=1) <= AT_BORDER for gap in gaps], axis=1)


def _surroundings(image: Image, quads: Quads) -> tuple[Numbers, npt.NDArray[np.uint8]]:
    """How flat it is beyond each side (N x 4), and the colours there (N x places x 3)."""
    centre = quads.mean(axis=1, keepdims=True)
    along = np.linspace(0.0, 1.0, GRID, dtype=np.float32)[None, :, None]
    flat, colours = [], []
    for side in range(4):
        start, end = quads[:, side, None], quads[:, (side + 1) % 4, None]
        way = end - start
        normal = np.stack([way[..., 1], -way[..., 0]], axis=2)
        normal = normal / np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        normal = normal * np.where(((start - centre) * normal).sum(axis=2, keepdims=True) < 0, -1, 1)
        for far in OUTSIDE:
            seen = _at(image, start + way * along + normal * far)
            off = np.abs(seen - np.median(seen, axis=1, keepdims=True)).max(axis=2)
            flat.append((off <= LIKE).mean(axis=1))
            colours.append(seen)
    each = np.stack(flat, axis=1).reshape(len(quads), 4, len(OUTSIDE)).max(axis=2)
    return np.asarray(each, np.float32), np.concatenate(colours, axis=1)


def _grid(quads: Quads) -> npt.NDArray[np.float32]:
    """Places inside, N x GRID^2 x 2."""
    line = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
    v, u = (part.reshape(1, -1, 1) for part in np.meshgrid(line, line, indexing="ij"))
    a, b, c, d = (quads[:, corner, None] for corner in range(4))
    return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v, np.float32)


def _at(image: Image, places: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The pixels at these places; those beyond the picture are its outermost."""
    height, width = image.shape[:2]
    x = (places[..., 0]).astype(np.int32).clip(0, width - 1)
    y = (places[..., 1]).astype(np.int32).clip(0, height - 1)
    return np.asarray(image[y, x], np.uint8)


def _codes(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Colours in eight steps of each channel, as numbers below 512."""
    steps = (pixels >> 5).astype(np.int32)
    return np.asarray(steps[..., 0] * 64 + steps[..., 1] * 8 + steps[..., 2], np.int32)


def _entropy(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Bits of the colours' distribution, for each row."""
    share = _shares(codes)
    return np.asarray(-(share * np.log2(np.maximum(share, 1e-9))).sum(axis=1))


def _commonest(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return np.asarray(_shares(codes).max(axis=1))


def _shares(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """The share of each of the 512 colours in each row."""
    rows = np.arange(len(codes), dtype=np.int32)[:, None] * 512
    counts = np.bincount((codes + rows).ravel(), minlength=512 * len(codes))
    return np.asarray(counts.reshape(len(codes), 512) / codes.shape[1])
