"""Average precision of scored items, by rectangles, as the benchmarks of video retrieval define it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cbvir_core.types import RowMask

ItemScores = npt.NDArray[np.float64]
"""Scores of items, N; the higher, the more similar."""


def rectangular_average_precision(scores: ItemScores, relevant: RowMask, positives: int) -> float:
    """Return the area under the precision-recall curve, by rectangles, of N scored items.

    Each positive adds a step of recall 1 / `positives`, whose height is the precision with it (FIVR-200K,
    Kordopatis-Zilos et al., IEEE TMM 2019, eq. 6).  `positives` counts all of them; those without a score add
    nothing.  Items of equal score are ranked together, so that the order of a file does not matter: their
    height is the precision with all of them.  Raise ValueError where there is no positive.
    """
    if positives < 1:
        raise ValueError("average precision needs at least one positive")
    if not len(scores):
        return 0.0
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    lasts = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    found = np.cumsum(relevant[order])[lasts]
    gained = np.diff(found, prepend=0)
    return float((gained * found / (lasts + 1)).sum() / positives)
