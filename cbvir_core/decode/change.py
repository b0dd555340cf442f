"""Whether two thumbnails show different views."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Grey

CHANGED_LEVELS = 16
"""Grey levels by which a pixel of a thumbnail must differ to count as changed.  Drawn noise of 12 levels at
320 x 180 pixels, encoded by x264, changes none of 181 samples of a still picture at 16, 23 at 12, and nearly
all at 10."""

CHANGED_SHARE = 0.001
"""Share of pixels that must have changed, ten of a thumbnail of 128 x 72.

Of the samples of the 58 clips in ``../shared/videos`` .88 are kept, or 9,500 of the 10,800 of an hour (.84
with twice the share, .89 with half of it), and one of a still picture with noise.  Of twelve slides in 1280 x
720, each with another line of text than the one before, all twelve are kept, with pale and with small letters
too (6 of small ones with twice the share).  A square of 40 pixels that moves by 11 from sample to sample is
kept 85 of 109 times, one of 20 pixels 30 times (never with twice the share)."""


def views_differ(one: Grey, other: Grey) -> bool:
    """Return whether two thumbnails show different views: more has changed than noise changes."""
    if one.shape != other.shape:
        return True
    changed = np.count_nonzero(cv2.absdiff(one, other) > CHANGED_LEVELS)
    return bool(changed > CHANGED_SHARE * one.size)
