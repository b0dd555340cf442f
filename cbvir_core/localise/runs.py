"""Runs of frames that look the same: in a still shot there are many, and they count as one moment."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from cbvir_core.localise.pattern import BLOCK_PX, stack_means
from cbvir_core.types import Grey

MAX_EQUAL_FRAME_DIFFERENCE = 1.0
"""Grey levels by which a block's mean may differ between thumbnails of two decoded frames that look the
same."""

MAX_EQUAL_THUMBNAIL_DIFFERENCE = 2.5
"""The same for kept thumbnails, whose JPEG rounds the mean of a block to two grey levels."""


def equal_run(
    frames: Sequence[Grey], index: int, max_difference: float, breaks: Container[int] = ()
) -> tuple[int, int]:
    """Return the first and the last of the frames around `index` that look the same.

    They differ from that one by at most `max_difference` grey levels in the mean of any block.  A run does
    not go on from one frame to the next where that one's index is in `breaks`.  Frames smaller than a block
    are a run of one.
    """
    if min(frames[index].shape) < BLOCK_PX:
        return index, index

    def is_same(other: int) -> bool:
        return _difference(frames[index], frames[other]) <= max_difference

    first = last = index
    while first > 0 and first not in breaks and is_same(first - 1):
        first -= 1
    while last + 1 < len(frames) and last + 1 not in breaks and is_same(last + 1):
        last += 1
    return first, last


def _difference(one: Grey, other: Grey) -> float:
    """Return the largest difference of the means of a block, in grey levels."""
    height, width = (side // BLOCK_PX * BLOCK_PX for side in one.shape)
    both = np.stack([one[:height, :width], other[:height, :width]]).astype(np.float32)
    means = stack_means(both)
    return float(np.abs(means[0] - means[1]).max())
