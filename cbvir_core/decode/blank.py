"""Whether a picture shows anything at all: the one decision, for keyframes and for queries.

Black, white, one colour, what a fade leaves of a scene: such a frame is in every film, and no answer with
it would be right.  Noise is no content, however strong, and darkness no lack of it.  So not the spread of
pixels counts, which noise has more of than a night, but that of the means of large cells: noise averages
out in them, a lit window or a word does not.

Measured by ``python -m bench.measure.blank``, which prints how many frames are taken for blank:

- of 167 frames of real clips none; at a half and a quarter of their light one, at an eighth .11 and at a
  sixteenth .18, each with noise and as JPEG;
- of one colour with noise of up to 8 grey levels in each pixel, after H.264 at CRF 23 and 33 and JPEG, all.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Image

BLANK_GRID = 16, 9
"""Across and down: 20 x 20 pixels each of a frame of 320, which divides their noise by 20."""

BLANK_LUMA_LEVELS, BLANK_CHROMA_LEVELS = 3.0, 5.0
"""Levels of 255 up to which a cell has the picture's colour; codecs are coarser with chroma."""

MAX_SPECK_CELLS = 1
"""Cells that may be off: dead pixels, a scratch."""


def is_blank(image: Image) -> bool:
    """True for a picture of one colour, with whatever noise on it.

    The frame of a dark scene is not blank as long as its parts differ by more than `BLANK_LUMA_LEVELS` levels.
    """
    means = cv2.resize(image, BLANK_GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = cv2.cvtColor(means / 255, cv2.COLOR_RGB2YCrCb).reshape(-1, 3) * 255
    other = (
        np.abs(cells - np.median(cells, axis=0))
        > (BLANK_LUMA_LEVELS, BLANK_CHROMA_LEVELS, BLANK_CHROMA_LEVELS)
    ).any(axis=1)
    return int(other.sum()) <= MAX_SPECK_CELLS
