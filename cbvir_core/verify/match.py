"""Which points of two pictures belong together: nearest rows, then a vote on how they lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cbvir_core.verify.features import Floats, LocalFeatures

Pairs = npt.NDArray[np.int64]
"""M x 2: the number of a query point and of a still point."""

RATIO = 0.85
"""Lowe's ratio of the nearest to the second nearest distance."""

SAME_SIZE = 0.7
"""Octaves by which pairs of one picture may differ in their change of size."""

SAME_TURN = 25.0
"""Degrees by which they may differ in their turn."""


def pair(query: LocalFeatures, still: LocalFeatures) -> Pairs:
    """Mutually nearest rows that stand out from the second nearest, at most one per query point."""
    if len(query) < 2 or len(still) < 2:
        return np.zeros((0, 2), np.int64)
    likeness = _unit(still.rows) @ _unit(query.rows).T
    numbers = np.arange(len(still))
    nearest = likeness.argmax(axis=1)
    mutual = likeness.argmax(axis=0)[nearest] == numbers
    best = likeness[numbers, nearest]
    likeness[numbers, nearest] = -1.0  # the second nearest is the nearest then: faster than a partition
    second = likeness.max(axis=1)
    # For unit rows the squared Euclidean distance is 2 - 2 cosine.
    distinct = 1 - best < RATIO**2 * (1 - second)
    kept = mutual & distinct
    return np.stack([nearest[kept], numbers[kept]], axis=1)


def vote(query: LocalFeatures, still: LocalFeatures, pairs: Pairs) -> Pairs:
    """The largest set of pairs whose points change size and turn alike (Lowe's Hough vote, pairwise).

    In a true pair of pictures all do, but for perspective; wrong pairs do so by chance, one in twenty.
    """
    if not len(pairs):
        return pairs
    q, s = pairs.T
    octaves = np.log2(still.sizes[s] / query.sizes[q])
    turns = still.angles[s] - query.angles[q]
    apart = np.abs((turns[:, None] - turns + 180) % 360 - 180)
    alike = (np.abs(octaves[:, None] - octaves) < SAME_SIZE) & (apart < SAME_TURN)
    kept: Pairs = pairs[alike[alike.sum(axis=1).argmax()]]
    return kept


def _unit(rows: npt.NDArray[np.uint8]) -> Floats:
    wide = rows.astype(np.float32)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-6), np.float32)
