"""Dynamic clustering as MoReSo's published code does it, which the comparisons of Table II share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

SampleVector = npt.NDArray[np.floating]
"""The feature of a sample, one-dimensional."""

UNSTATED_FRAMES_PER_S = 25.0
"""The rate of a file that states none."""


def cluster_sizes(vectors: Iterable[SampleVector], least: float) -> list[int]:
    """Return the numbers of samples of the clusters, in the order of time; their sum is that of the vectors.

    A sample joins the running cluster unless the square of its cosine to the mean of the cluster is below
    `least`.  The first two samples are one cluster whatever they are.  A vector of zeros joins too: its
    cosine is no number, which is not below anything.
    """
    sizes: list[int] = []
    total = np.zeros(0)
    for number, vector in enumerate(vectors):
        one = np.asarray(vector, np.float64)
        if number == 0 or (number > 1 and _squared_cosine(one, total) < least):
            sizes.append(1)
            total = one.copy()
        else:
            sizes[-1] += 1
            total += one
    return sizes


def middle_samples(sizes: Sequence[int], least: int) -> list[int]:
    """Return the middle sample of each cluster of at least `least` samples; of an even number the earlier."""
    starts = accumulate(sizes, initial=0)
    return [start + (size + 1) // 2 - 1 for start, size in zip(starts, sizes, strict=False) if size >= least]


def _squared_cosine(one: SampleVector, other: SampleVector) -> float:
    scale = float(one @ one) * float(other @ other)
    return float(one @ other) ** 2 / scale if scale else float("nan")
