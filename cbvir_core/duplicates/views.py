"""Views of frames as they are compared: of unit length, and those that show something."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats, RowMask

BLANK_VIEW_COSINE = 0.84
"""Cosine of a whole frame and each of its windows, as codes have them, from which it shows nothing: every
window looks like the whole.  Black, white, grey and blue frames, noise and a vignette have .85 to .91, white
letters on black .55."""


def blank_frames(views: Floats) -> RowMask:
    """Return which of M frames show nothing, by their views, M x V x P; view 0 is the whole frame."""
    if views.shape[1] < 2:
        return np.zeros(len(views), np.bool_)
    views = unit_views(views)
    cosines = (views[:, :1] * views[:, 1:]).sum(axis=2)
    blank: RowMask = cosines.min(axis=1) >= BLANK_VIEW_COSINE
    return blank


def unit_views(views: Floats) -> Floats:
    """Return views, M x V x P, of unit length: as codes have them, their lengths are .87 to 1.06."""
    lengths = np.linalg.norm(views, axis=2, keepdims=True)
    return np.ascontiguousarray(views / np.maximum(lengths, 1e-9), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class DistinctFrames:
    """Frames without those that stand again: `firsts`, the first of each, and for each frame the number of
    its own among them, `numbers`."""

    firsts: npt.NDArray[np.int64] = field(repr=False)
    numbers: npt.NDArray[np.int64] = field(repr=False)


def distinct_frames(views: Floats) -> DistinctFrames:
    """Return the frames, M x V x P, that differ from the one before."""
    changed = np.ones(len(views), np.bool_)
    changed[1:] = (views[1:, 0] != views[:-1, 0]).any(axis=1)
    return DistinctFrames(np.flatnonzero(changed), changed.cumsum() - 1)
