"""How well a frame fits a query that lies on it in a known way: structure, block by block.

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
from cbvir_core.types import Grey

Floats = npt.NDArray[np.float32]

BLOCK = 8
"""Side of a block in pixels of the thumbnail."""

FLAT = 30.0
"""SSIM's constant, grey levels squared: about the noise of JPEG in a thumbnail."""

TEXTURE = 100.0
"""Sum of both variances from which a block counts in full; what is flat in both says little."""

MOST_GAIN = 3.0
"""How much contrast is made up for; a frame that needs more is nearly blank."""

MARGIN = 0.15
"""How much of the query is kept around where the frame lies in it: the map may be a little off."""

LEAST_BLOCKS = 2.0
"""Weight of blocks below which there is nothing to compare."""

SHOWN = 0.5
"""Fit from which a block of the picture is shown by a frame."""

NO_FIT = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A query as it is compared: grey, at the scale of the thumbnails.

    `place` maps its pixels to a thumbnail's; None where it is the whole thumbnail.
    """

    grey: Grey = field(repr=False)
    place: Matrix | None
    mean: Floats = field(init=False, repr=False)
    variance: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        raster = self.grey.astype(np.float32)
        mean = blocks(raster)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "variance", blocks(raster * raster) - mean * mean)

    def fit(self, thumbnail: Grey, place: Matrix | None) -> BlockFit | None:
        """How the frame fits block by block if the pattern lies there; None if it lies beside it."""
        seen, inside = self._under(thumbnail, place)
        if not inside.any():
            return None
        mean = blocks(seen)
        variance = blocks(seen * seen) - mean * mean
        covariance = blocks(seen * self.grey) - mean * self.mean
        gain = float(self.variance[inside].mean() + 1) / float(variance[inside].mean() + 1)
        gain = min(max(gain, MOST_GAIN**-2), MOST_GAIN**2)
        both = self.variance + gain * variance
        values = (2 * np.sqrt(gain) * covariance + FLAT) / (both + FLAT)
        # A blank picture would agree with the flat parts of any other.
        textured = min(_texture(self.variance, inside), _texture(variance, inside)) >= LEAST_BLOCKS
        return BlockFit(values, np.minimum(1, both / TEXTURE) * (inside & textured))

    def explained(self, fits: Sequence[BlockFit]) -> float:
        """Share of the query, by its texture, that some of the frames show, in [0, 1]."""
        shown = np.max([fit.values * (fit.weights > 0) for fit in fits], axis=0) >= SHOWN
        compared = np.any([fit.weights > 0 for fit in fits], axis=0)
        weights = np.minimum(1, 2 * self.variance / TEXTURE) * compared
        return float((weights * shown).sum() / max(float(weights.sum()), 1e-6))

    def _under(self, thumbnail: Grey, place: Matrix | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
        height, width = self.grey.shape
        if place is None:
            return thumbnail[:height, :width].astype(np.float32), np.ones(self.mean.shape, bool)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpPerspective(thumbnail, place, (width, height), flags=how)
        everywhere = np.full(thumbnail.shape, 255, np.uint8)
        inside = blocks(cv2.warpPerspective(everywhere, place, (width, height), flags=how)) > 254
        return seen.astype(np.float32), inside


@dataclass(frozen=True, slots=True, eq=False)
class BlockFit:
    """The fit of each block, at most 1, and how much the block counts, in [0, 1]."""

    values: Floats
    weights: Floats

    def pooled(self, kept: npt.NDArray[np.bool_] | None = None) -> float:
        """The weighted mean over the blocks that are kept; NO_FIT if they say nothing."""
        weights = self.weights if kept is None else self.weights * kept
        total = float(weights.sum())
        return float((self.values * weights).sum()) / total if total >= LEAST_BLOCKS else NO_FIT


def kept_blocks(fits: Sequence[BlockFit]) -> npt.NDArray[np.bool_] | None:
    """The blocks that fit some frame, None for all: a caption or a logo laid over fits none.

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
    """The query taken as the whole frame, of whatever shape."""
    if min(thumbnail) < BLOCK:
        return None
    grey = cv2.resize(query, thumbnail, interpolation=cv2.INTER_AREA)
    return Pattern(np.asarray(_to_blocks(grey), np.uint8), None)


def placed_pattern(query: Grey, place: Matrix, thumbnail: Size) -> Pattern | None:
    """The part of the query in which the frame lies by `place`, a map from query to thumbnail."""
    size = (query.shape[1], query.shape[0])
    outline = frame_in_query(place, size, thumbnail)
    if outline is None:
        return None
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = MARGIN * (high - low)
    left, top = (max(0, int(value)) for value in np.floor(low - margin))
    right, bottom = (int(value) for value in np.minimum(np.ceil(high + margin), size))
    scale = float(np.sqrt(thumbnail[0] * thumbnail[1] / _area(outline)))
    part = query[top:bottom, left:right]
    width, height = round(part.shape[1] * scale), round(part.shape[0] * scale)
    if min(width, height) < BLOCK:
        return None
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(part, (width, height), interpolation=how), np.uint8)
    matrix = place @ shift(left, top) @ rescale((width, height), (part.shape[1], part.shape[0]))
    return Pattern(_to_blocks(grey), matrix)


def blocks(raster: npt.NDArray[np.generic]) -> Floats:
    """The mean of each block of a raster whose sides are multiples of a block's."""
    size = (raster.shape[1] // BLOCK, raster.shape[0] // BLOCK)
    return np.asarray(cv2.resize(raster, size, interpolation=cv2.INTER_AREA), np.float32).reshape(size[::-1])


def _texture(variance: Floats, inside: npt.NDArray[np.bool_]) -> float:
    """How many of the blocks inside are textured."""
    return float((np.minimum(1, 2 * variance / TEXTURE) * inside).sum())


def _to_blocks(grey: Grey) -> Grey:
    """The upper left part that whole blocks cover."""
    height, width = (side // BLOCK * BLOCK for side in grey.shape)
    return np.ascontiguousarray(grey[:height, :width])


def _area(outline: Matrix) -> float:
    return max(1.0, float(cv2.contourArea(outline.astype(np.float32))))
