"""How likely a quadrilateral part of a picture is *the* picture in it, by its sides and its inside.

A logistic regression over a few figures, fitted on drawn pages, chats, players, telephones and screens
around frames of real clips, and on those frames by themselves, in which no part is right
(``python -m bench.measure.regions --pages 25 --fit`` prints the weights; it
measures on other seeds and the other half of the clips).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cbvir_core.regions.lines import Quads, side_support
from cbvir_core.types import Floats, Image

INSIDE_GRID = 24
"""Places across and down at which the inside is sampled."""

OUTSIDE_DISTANCES_PX = (3.0, 7.0)
"""Pixels of 512 beyond the sides at which the surroundings are sampled."""

MAX_FLAT_DEVIATION = 14
"""Grey levels to the side's median up to which the surroundings are one colour."""

PICTURE_SIDE_TOLERANCE_PX = 2.5
"""Pixels from the picture's own side up to which a side has no surroundings."""

RANKING_FIGURES = (
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

RANKING_WEIGHTS = (
    -0.619,
    3.665,
    2.301,
    0.798,
    -4.664,
    0.087,
    -0.071,
    -5.257,
    4.037,
    -1.625,
    0.338,
    1.977,
    2.786,
)
RANKING_BIAS = -1.72


def picture_probability(
    image: Image, quads: Quads, from_paper: npt.NDArray[np.bool_], from_borders: npt.NDArray[np.bool_]
) -> Floats:
    """Return the probability that each quadrilateral is the picture that a page shows: N, in [0, 1].

    `from_paper` and `from_borders` say which were found by what lies on paper and by borders.  The image
    should be about 512 pixels long.
    """
    figures = ranking_figures(image, quads, from_paper, from_borders)
    logits = figures @ np.array(RANKING_WEIGHTS, np.float32) + RANKING_BIAS
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def ranking_figures(
    image: Image, quads: Quads, from_paper: npt.NDArray[np.bool_], from_borders: npt.NDArray[np.bool_]
) -> Floats:
    """Return the figures of each quadrilateral: N x len(RANKING_FIGURES), each in about [-2, 2]."""
    height, width = image.shape[:2]
    at_border = _at_border(quads, width, height)
    flatness, around = _surroundings(image, quads)
    inside = _colour_codes(_pixels_at(image, _grid(quads)))
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    quad_width, quad_height = sides[:, ::2].mean(axis=1), sides[:, 1::2].mean(axis=1)
    tilt = np.abs(np.stack([quads[:, 0, 1] - quads[:, 1, 1], quads[:, 0, 0] - quads[:, 3, 0]]))
    columns = [
        *_mean_and_least(side_support(image, quads), at_border),
        *_mean_and_least(flatness, at_border),
        at_border.mean(axis=1),
        _entropy(inside) / 4,
        _entropy(_colour_codes(around)) / 4,
        _commonest_share(inside),
        np.log(np.maximum(quad_width * quad_height / (width * height), 1e-4)) / 2,
        np.abs(np.log(np.maximum(quad_width, 1) / np.maximum(quad_height, 1) / 1.5)),
        np.minimum(1.0, tilt.max(axis=0) / np.maximum(1, np.minimum(quad_width, quad_height)) * 10),
        from_paper.astype(np.float32),
        from_borders.astype(np.float32),
    ]
    return np.asarray(np.stack(columns, axis=1), np.float32)


def _mean_and_least(values: Floats, at_border: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return mean and least of the sides that are not at the picture's border; 0 where all are."""
    counted = np.maximum(1, (~at_border).sum(axis=1))
    least = np.where(at_border, 2.0, values).min(axis=1)
    return (
        np.asarray(np.where(at_border, 0.0, values).sum(axis=1) / counted, np.float32),
        np.asarray(np.where(at_border.all(axis=1), 0.0, least), np.float32),
    )


def _at_border(quads: Quads, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return which sides lie on the picture's own: N x 4, top, right, bottom, left."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2)
    gaps = (ends[:, 0, :, 1], width - ends[:, 1, :, 0], height - ends[:, 2, :, 1], ends[:, 3, :, 0])
    return np.stack([gap.max(axis=1) <= PICTURE_SIDE_TOLERANCE_PX for gap in gaps], axis=1)


def _surroundings(image: Image, quads: Quads) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Return how flat it is beyond each side (N x 4), and the colours there (N x places x 3)."""
    centre = quads.mean(axis=1, keepdims=True)
    along = np.linspace(0.0, 1.0, INSIDE_GRID, dtype=np.float32)[None, :, None]
    flatness, colours = [], []
    for side in range(4):
        start, end = quads[:, side, None], quads[:, (side + 1) % 4, None]
        edge = end - start
        normal = np.stack([edge[..., 1], -edge[..., 0]], axis=2)
        normal = normal / np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        normal = normal * np.where(((start - centre) * normal).sum(axis=2, keepdims=True) < 0, -1, 1)
        for distance in OUTSIDE_DISTANCES_PX:
            pixels = _pixels_at(image, start + edge * along + normal * distance)
            deviation = np.abs(pixels - np.median(pixels, axis=1, keepdims=True)).max(axis=2)
            flatness.append((deviation <= MAX_FLAT_DEVIATION).mean(axis=1))
            colours.append(pixels)
    flattest = np.stack(flatness, axis=1).reshape(len(quads), 4, len(OUTSIDE_DISTANCES_PX)).max(axis=2)
    return np.asarray(flattest, np.float32), np.concatenate(colours, axis=1)


def _grid(quads: Quads) -> Floats:
    """Return a grid of places inside each quadrilateral, N x INSIDE_GRID^2 x 2."""
    line = (np.arange(INSIDE_GRID, dtype=np.float32) + 0.5) / INSIDE_GRID
    v, u = (part.reshape(1, -1, 1) for part in np.meshgrid(line, line, indexing="ij"))
    a, b, c, d = (quads[:, corner, None] for corner in range(4))
    return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v, np.float32)


def _pixels_at(image: Image, places: Floats) -> npt.NDArray[np.uint8]:
    """Return the pixels at these places; those beyond the picture are its outermost."""
    height, width = image.shape[:2]
    x = (places[..., 0]).astype(np.int32).clip(0, width - 1)
    y = (places[..., 1]).astype(np.int32).clip(0, height - 1)
    return np.asarray(image[y, x], np.uint8)


def _colour_codes(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return colours in eight steps of each channel, as numbers below 512."""
    steps = (pixels >> 5).astype(np.int32)
    return np.asarray(steps[..., 0] * 64 + steps[..., 1] * 8 + steps[..., 2], np.int32)


def _entropy(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return the entropy of the colours in bits, for each row."""
    shares = _colour_shares(codes)
    return np.asarray(-(shares * np.log2(np.maximum(shares, 1e-9))).sum(axis=1))


def _commonest_share(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return np.asarray(_colour_shares(codes).max(axis=1))


def _colour_shares(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return the share of each of the 512 colours in each row."""
    rows = np.arange(len(codes), dtype=np.int32)[:, None] * 512
    counts = np.bincount((codes + rows).ravel(), minlength=512 * len(codes))
    return np.asarray(counts.reshape(len(codes), 512) / codes.shape[1])
