"""Average precision of retrieval (mAP) and of detection (micro-AP), as FIVR measures them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats

Relevance = npt.NDArray[np.bool_]
"""Whether each video answers each query, Q x V."""


@dataclass(frozen=True)
class Scores:
    """The similarity of each query and each video, Q x V; means of what one took and of what is kept."""

    values: Floats = field(repr=False)
    ms_per_pair: float
    bytes_per_video: float


def average_precision_of(scores: Floats, relevant: npt.NDArray[np.bool_]) -> float:
    """Return the area under precision over recall, as steps, of N scored answers.

    Equal scores stand in the worst order, so that a way that says the same of all gains nothing.  Raise
    ValueError where nothing is relevant.
    """
    if not relevant.any():
        raise ValueError("average precision needs at least one relevant answer")
    order = np.lexsort((relevant, -scores))
    found = relevant[order]
    precision = found.cumsum() / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


def mean_average_precision(scores: Floats, relevant: Relevance) -> float:
    """Return the mean over the queries of their average precision (mAP)."""
    return float(np.mean([average_precision_of(*pair) for pair in zip(scores, relevant, strict=True)]))


def micro_average_precision(scores: Floats, relevant: Relevance) -> float:
    """Return the average precision of all pairs together: one threshold for all queries (micro-AP)."""
    return average_precision_of(scores.ravel(), relevant.ravel())
