"""View numbers: one number of 64 bits names a view of a frame of a scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cbvir_core.types import FrameCodes, RowMask, RowNumbers

MAX_FRAMES_OF_SCENE, MAX_VIEWS_OF_FRAME = 1 << 16, 1 << 8
"""Frames of one scene, and views of one frame, that a number can name: as many as the store keeps of a scene,
and a few times the views that any grid has.  2^39 rows remain."""

ViewNumbers = npt.NDArray[np.int64]
"""Numbers of views, as inverted lists hold them; -1 stands for no view."""


class ViewPlaces(NamedTuple):
    """What view numbers name: the row of a scene, a frame of the scene, and a view of the frame."""

    rows: RowNumbers
    frames: npt.NDArray[np.int64]
    views: npt.NDArray[np.int64]


def view_numbers(row: int, codes: FrameCodes) -> ViewNumbers:
    """Return the numbers of the views of a row's frames, N x V.

    Raises ValueError where there are more than can be named.
    """
    frames, views = codes.codes.shape[:2]
    if frames > MAX_FRAMES_OF_SCENE or views > MAX_VIEWS_OF_FRAME:
        raise ValueError(
            f"the scene of row {row} has {frames} frames of {views} views, which no number names"
        )
    within = np.arange(frames, dtype=np.int64)[:, None] * MAX_VIEWS_OF_FRAME + np.arange(views)
    return row * (MAX_FRAMES_OF_SCENE * MAX_VIEWS_OF_FRAME) + within


def rows_of(numbers: ViewNumbers) -> RowNumbers:
    """Return the row of each view."""
    return numbers // (MAX_FRAMES_OF_SCENE * MAX_VIEWS_OF_FRAME)


def places_of(numbers: ViewNumbers) -> ViewPlaces:
    """Return the row, the frame and the view that each number names."""
    within = numbers % (MAX_FRAMES_OF_SCENE * MAX_VIEWS_OF_FRAME)
    return ViewPlaces(rows_of(numbers), within // MAX_VIEWS_OF_FRAME, within % MAX_VIEWS_OF_FRAME)


def among(values: RowNumbers, rows: RowNumbers) -> RowMask:
    """Return which of `values`, of any shape, are among `rows`, which ascend.

    Takes no sorting of `rows`, as `numpy.isin` does in every call.
    """
    if not len(rows):
        return np.zeros(values.shape, np.bool_)
    found: RowMask = rows[np.minimum(np.searchsorted(rows, values), len(rows) - 1)] == values
    return found
