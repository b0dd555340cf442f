"""How well a frame fits a query whose placement on it is known: structure, block by block.

A block's fit is the structure term of SSIM (Wang et al. 2004, equation 10 without its stabilised halves:
``(2 cov + C) / (var + var + C)``) after the contrast of both pictures is made alike: brightness, contrast
and most of a change of tone leave it alone, and a block that is flat in one picture and not in the other
does not fit, which plain normalised correlation cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.geometry import Matrix, Size, frame_in_query, rescale, shift
from cbvir_core.types import Floats, Grey

BlockMask = npt.NDArray[np.bool_]
"""Which blocks of a pattern are meant, one value for each block."""

BLOCK_PX = 8
"""Side of a block in pixels of the thumbnail."""

SSIM_STABILISER = 30.0
"""SSIM's constant, grey levels squared: about the noise of JPEG in a thumbnail."""

FULL_TEXTURE_VARIANCE = 100.0
"""Sum of both variances from which a block counts in full; what is flat in both says little."""

MAX_CONTRAST_GAIN = 3.0
"""How much contrast is made up for; a frame that needs more is nearly blank."""

PATTERN_MARGIN = 0.15
"""How much of the query is kept around where the frame lies in it: the placement may be a little off."""

MIN_BLOCK_WEIGHT = 2.0
"""Weight of all blocks below which there is nothing to compare."""

MIN_SHOWN_FIT = 0.5
"""Fit from which a block of the picture is shown by a frame."""

FRAMES_AT_ONCE = 16
"""Frames whose blocks are computed at once: with 4 to 32 it takes 4 ms for 256 frames, with 64 half as much
again, because their products no longer fit into the processor's cache."""

NO_FIT = -1.0
"""The fit where nothing can be compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A query as it is compared: grey, at the scale of the thumbnails.

    `placement` maps its pixels to a thumbnail's; None where it is the whole thumbnail.  `raster` is
    its pixels, `mean` and `variance` those of its blocks.
    """

    grey: Grey = field(repr=False)
    placement: Matrix | None
    raster: Floats = field(init=False, repr=False)
    mean: Floats = field(init=False, repr=False)
    variance: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        raster = self.grey.astype(np.float32)
        mean = block_means(raster)
        object.__setattr__(self, "raster", raster)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "variance", block_means(raster * raster) - mean * mean)

    def fit(self, thumbnail: Grey, placement: Matrix | None) -> BlockFit | None:
        """Return how the frame fits block by block under this placement; None if the pattern lies off it."""
        return next(iter(self.fit_all([thumbnail], placement)), None)

    def fit_all(self, thumbnails: Sequence[Grey], placement: Matrix | None) -> list[BlockFit]:
        """Return how each of the frames, which are of one size, fits under this placement.

        The list is empty if the pattern lies off them.
        """
        if not len(thumbnails) or not (inside := self._inside(thumbnails[0], placement)).any():
            return []
        mean, square, product = self._means(thumbnails, placement)
        covariance, variance = product - mean * self.mean, square - mean * mean
        gain = (self.variance[inside].mean() + 1) / (variance[:, inside].mean(axis=1) + 1)
        gain = np.clip(gain, MAX_CONTRAST_GAIN**-2, MAX_CONTRAST_GAIN**2)[:, None, None]
        both = self.variance + gain * variance
        values = (2 * np.sqrt(gain) * covariance + SSIM_STABILISER) / (both + SSIM_STABILISER)
        # A blank picture would agree with the flat parts of any other.
        texture = np.minimum(_texture(self.variance, inside), _texture(variance, inside))
        counted = inside & (texture >= MIN_BLOCK_WEIGHT)[:, None, None]
        weights = np.minimum(1, both / FULL_TEXTURE_VARIANCE) * counted
        return [BlockFit(*one) for one in zip(values, weights, strict=True)]

    def _means(self, thumbnails: Sequence[Grey], placement: Matrix | None) -> tuple[Floats, Floats, Floats]:
        """Return block means of the pixels below the pattern: of them, their squares, their products with it.

        A few frames at a time go through the same two buffers, which stay in the processor's cache.
        """
        below = np.empty((min(FRAMES_AT_ONCE, len(thumbnails)), *self.grey.shape), np.float32)
        other = np.empty_like(below)
        means: list[tuple[Floats, Floats, Floats]] = []
        for first in range(0, len(thumbnails), FRAMES_AT_ONCE):
            some = thumbnails[first : first + FRAMES_AT_ONCE]
            below, other = below[: len(some)], other[: len(some)]
            for number, thumbnail in enumerate(some):
                below[number] = self._below(thumbnail, placement)
            mean = stack_means(below)
            square = stack_means(np.multiply(below, below, out=other))
            means.append((mean, square, stack_means(np.multiply(below, self.raster, out=other))))
        mean, square, product = (np.concatenate(parts) for parts in zip(*means, strict=True))
        return mean, square, product

    def explained(self, fits: Sequence[BlockFit]) -> float:
        """Return the share of the query, by its texture, that some of the frames show, in [0, 1]."""
        shown = np.max([fit.values * (fit.weights > 0) for fit in fits], axis=0) >= MIN_SHOWN_FIT
        compared = np.any([fit.weights > 0 for fit in fits], axis=0)
        weights = np.minimum(1, 2 * self.variance / FULL_TEXTURE_VARIANCE) * compared
        return float((weights * shown).sum() / max(float(weights.sum()), 1e-6))

    def _below(self, thumbnail: Grey, placement: Matrix | None) -> Grey:
        """Return the thumbnail's pixels that lie below the pattern's."""
        height, width = self.grey.shape
        if placement is None:
            return thumbnail[:height, :width]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpPerspective(thumbnail, placement, (width, height), flags=flags), np.uint8)

    def _inside(self, thumbnail: Grey, placement: Matrix | None) -> BlockMask:
        """Return which blocks lie on the thumbnail in full."""
        if placement is None:
            return np.ones(self.mean.shape, bool)
        return block_means(self._below(np.full(thumbnail.shape, 255, np.uint8), placement)) > 254


@dataclass(frozen=True, slots=True, eq=False)
class BlockFit:
    """The fit of each block, at most 1, and how much the block counts, in [0, 1]."""

    values: Floats
    weights: Floats

    def pooled(self, kept: BlockMask | None = None) -> float:
        """Return the weighted mean over the blocks that are kept; NO_FIT if they say nothing."""
        weights = self.weights if kept is None else self.weights * kept
        total = float(weights.sum())
        return float((self.values * weights).sum()) / total if total >= MIN_BLOCK_WEIGHT else NO_FIT


def kept_blocks(fits: Sequence[BlockFit]) -> BlockMask | None:
    """Return the blocks that fit some frame, None for all: a caption or a logo laid over fits none.

    It has to be the same blocks for all frames.  Leaving out each frame's own worst ones would leave out
    just those in which the frames differ.
    """
    best = np.max([np.where(fit.weights > 0.2, fit.values, NO_FIT) for fit in fits], axis=0)
    known = best > NO_FIT
    if not known.any():
        return None
    kept = (best > 0.5 * np.quantile(best[known], 0.8)) | ~known
    return kept if (kept & known).sum() >= max(4.0, 0.2 * known.sum()) else None


def whole_pattern(query: Grey, thumbnail: Size) -> Pattern | None:
    """Return the query taken as the whole frame, of whatever shape; None for too small a thumbnail."""
    if min(thumbnail) < BLOCK_PX:
        return None
    grey = cv2.resize(query, thumbnail, interpolation=cv2.INTER_AREA)
    return Pattern(np.asarray(_cut_to_blocks(grey), np.uint8), None)


def placed_pattern(query: Grey, to_thumbnail: Matrix, thumbnail: Size) -> Pattern | None:
    """Return the part of the query in which the frame lies by a map from query to thumbnail.

    None if no perturbation makes that map, or if the part is smaller than a block.
    """
    size = (query.shape[1], query.shape[0])
    outline = frame_in_query(to_thumbnail, size, thumbnail)
    if outline is None:
        return None
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = PATTERN_MARGIN * (high - low)
    left, top = (max(0, int(value)) for value in np.floor(low - margin))
    right, bottom = (int(value) for value in np.minimum(np.ceil(high + margin), size))
    scale = float(np.sqrt(thumbnail[0] * thumbnail[1] / _area(outline)))
    part = query[top:bottom, left:right]
    width, height = round(part.shape[1] * scale), round(part.shape[0] * scale)
    if min(width, height) < BLOCK_PX:
        return None
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(part, (width, height), interpolation=interpolation), np.uint8)
    to_part = rescale((width, height), (part.shape[1], part.shape[0]))
    return Pattern(_cut_to_blocks(grey), to_thumbnail @ shift(left, top) @ to_part)


def block_means(raster: npt.NDArray[np.generic]) -> Floats:
    """Return the mean of each block of a raster whose sides are multiples of a block's."""
    size = (raster.shape[1] // BLOCK_PX, raster.shape[0] // BLOCK_PX)
    return np.asarray(cv2.resize(raster, size, interpolation=cv2.INTER_AREA), np.float32).reshape(size[::-1])


def stack_means(rasters: Floats) -> Floats:
    """Return `block_means` of each raster of a stack, N x H x W."""
    count, height, width = rasters.shape
    means = block_means(rasters.reshape(-1, width))
    return means.reshape(count, height // BLOCK_PX, width // BLOCK_PX)


def _texture(variance: Floats, inside: BlockMask) -> Floats:
    """Return how many of the blocks inside are textured."""
    return np.asarray((np.minimum(1, 2 * variance / FULL_TEXTURE_VARIANCE) * inside).sum(axis=(-2, -1)))


def _cut_to_blocks(grey: Grey) -> Grey:
    """Return the upper left part that whole blocks cover."""
    height, width = (side // BLOCK_PX * BLOCK_PX for side in grey.shape)
    return np.ascontiguousarray(grey[:height, :width])


def _area(outline: Matrix) -> float:
    return max(1.0, float(cv2.contourArea(outline.astype(np.float32))))
