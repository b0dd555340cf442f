"""Which points of two pictures belong together: nearest rows, then a vote on how the points lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats
from cbvir_core.verify.features import LocalFeatures

Pairs = npt.NDArray[np.int64]
"""M x 2: the number of a query point and of a still point."""

LOWE_RATIO = 0.85
"""Lowe's ratio of the nearest to the second nearest distance."""

MAX_SIZE_DIFFERENCE_OCTAVES = 0.7
"""Octaves by which pairs of one picture may differ in their change of size."""

MAX_TURN_DIFFERENCE_DEG = 25.0
"""Degrees by which they may differ in their turn."""


def pair(query: LocalFeatures, still: LocalFeatures) -> Pairs:
    """Return the mutually nearest rows that stand out from the second nearest, at most one a query point."""
    if len(query) < 2 or len(still) < 2:
        return np.zeros((0, 2), np.int64)
    cosines = _unit_rows(still.rows) @ _unit_rows(query.rows).T
    numbers = np.arange(len(still))
    nearest = cosines.argmax(axis=1)
    mutual = cosines.argmax(axis=0)[nearest] == numbers
    best = cosines[numbers, nearest]
    # With the nearest taken out the second nearest is the maximum: faster than a partition.
    cosines[numbers, nearest] = -1.0
    second = cosines.max(axis=1)
    # For unit rows the squared Euclidean distance is 2 - 2 cosine.
    distinct = 1 - best < LOWE_RATIO**2 * (1 - second)
    kept = mutual & distinct
    return np.stack([nearest[kept], numbers[kept]], axis=1)


def vote(query: LocalFeatures, still: LocalFeatures, pairs: Pairs) -> Pairs:
    """Return the largest set of pairs whose points change size and turn alike (Lowe's Hough vote, pairwise).

    In a true pair of pictures all do, but for perspective; wrong pairs do so by chance, one in twenty.
    """
    if not len(pairs):
        return pairs
    of_query, of_still = pairs.T
    octaves = np.log2(still.sizes[of_still] / query.sizes[of_query])
    turns = still.angles[of_still] - query.angles[of_query]
    turn_differences = np.abs((turns[:, None] - turns + 180) % 360 - 180)
    alike = np.abs(octaves[:, None] - octaves) < MAX_SIZE_DIFFERENCE_OCTAVES
    alike &= turn_differences < MAX_TURN_DIFFERENCE_DEG
    kept: Pairs = pairs[alike[alike.sum(axis=1).argmax()]]
    return kept


def _unit_rows(rows: npt.NDArray[np.uint8]) -> Floats:
    wide = rows.astype(np.float32)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-6), np.float32)
