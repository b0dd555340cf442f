"""The decision whether a picture is blank; keyframes and queries use the same one.

Every film has frames that are black, white, of one colour, or the end of a fade, and an answer with such a
frame would never be right.  Noise is no content, however strong, and a dark picture may have content.  So the
decision is not made on the spread of pixels, which is larger in noise than in a night scene, but on the means
of large cells: noise averages out in them, a lit window or a word does not.

Measured by ``python -m bench.measure.blank``, which prints how many frames are taken for blank:

- of 167 frames of real clips none; at a half and a quarter of their light one, at an eighth .11 and at a
  sixteenth .18 of them, each with noise and as JPEG;
- of one colour with noise of up to 8 grey levels in each pixel, after H.264 at CRF 23 and 33 and JPEG, all.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Image

BLANK_GRID = 16, 9
"""Cells across and down: in a frame of 320 pixels each has 20 x 20 pixels, which divides the noise by 20."""

BLANK_LUMA_LEVELS, BLANK_CHROMA_LEVELS = 3.0, 5.0
"""Levels of 255 by which a cell may differ from the picture's colour; codecs are coarser with chroma."""

MAX_SPECK_CELLS = 1
"""Cells that may differ by more: dead pixels, a scratch."""


def is_blank(image: Image) -> bool:
    """Return whether a picture is of one colour, with any amount of noise on it.

    A dark scene is not blank as long as its parts differ by more than `BLANK_LUMA_LEVELS`.
    """
    means = cv2.resize(image, BLANK_GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = cv2.cvtColor(means / 255, cv2.COLOR_RGB2YCrCb).reshape(-1, 3) * 255
    levels = (BLANK_LUMA_LEVELS, BLANK_CHROMA_LEVELS, BLANK_CHROMA_LEVELS)
    differing = (np.abs(cells - np.median(cells, axis=0)) > levels).any(axis=1)
    return int(differing.sum()) <= MAX_SPECK_CELLS
