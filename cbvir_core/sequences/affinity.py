"""Proximal affinity re-ranking: the nearest by Euclidean distance, kept where the cosine is high enough.

Ravi and Nandakumar, arXiv:2105.08665, section IV-D and Algorithm 1.  It is for features before they are
normalised.  Of unit rows the squared distance is ``2 - 2 cos``: both orders are one, and the threshold only
cuts the list off (`are_unit_rows` tells).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats, RowMask

UNIT_NORM_TOLERANCE = 1e-3
"""How far the length of a unit row may be from 1: descriptors of networks in bf16 are that exact."""

RankedPositions = npt.NDArray[np.int64]
"""Positions of rows, best first."""


@dataclass(frozen=True, slots=True, eq=False)
class AffinityRanking:
    """The neighbours of one query that were kept, nearest first.

    `positions`, `distances` and `cosines` have one value each for every row that was kept.
    """

    positions: RankedPositions
    distances: npt.NDArray[np.float64] = field(repr=False)
    cosines: npt.NDArray[np.float64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)


def proximal_affinity(query: Floats, rows: Floats, k: int, threshold: float) -> AffinityRanking:
    """Return the nearest `k` of N x D `rows`, of which the cosine to `query` (D) is above `threshold`.

    They stay in the order of their Euclidean distance; equal distances stay in the order of the rows.  With a
    threshold below -1 it is the ranking by distance.  A row of zeros has no direction: its cosine is 0.

    Line 11 of the printed algorithm takes the cosine with y_l, the l-th sample of the repository.  Here it is
    taken with the l-th neighbour, whose index line 13 stores.  Raise ValueError where `k` is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    asked, known = query.astype(np.float64), rows.astype(np.float64)
    difference = known - asked
    squares = np.einsum("ij,ij->i", difference, difference)
    nearest = _smallest(squares, k)
    cosines = _cosines(asked, known[nearest])
    kept = cosines > threshold
    return AffinityRanking(nearest[kept], np.sqrt(squares[nearest[kept]]), cosines[kept])


def are_unit_rows(rows: Floats) -> bool:
    """Return whether all of N x D rows have length 1, so that the re-ranking is only a cut-off."""
    norms = np.linalg.norm(rows, axis=-1)
    return bool(np.all(np.abs(norms - 1.0) <= UNIT_NORM_TOLERANCE))


def best_threshold(cosines: npt.NDArray[np.float64], same: RowMask) -> float:
    """Return the threshold that separates neighbours of the query's kind from others best, by F1.

    The paper chooses it "empirically ... on a sample test set".  `cosines` are those of N neighbours of
    sample queries, and `same` tells which of them are right.  The threshold lies halfway between two cosines;
    without a right one it is 1, and nothing is kept.
    """
    order = np.argsort(-cosines, kind="stable")
    ranked, right = cosines[order], np.cumsum(same[order])
    if not len(ranked) or not right[-1]:
        return 1.0
    f1 = 2 * right / (np.arange(1, len(ranked) + 1) + right[-1])
    lasts = np.append(ranked[1:] != ranked[:-1], True)
    best = int(np.flatnonzero(lasts)[np.argmax(f1[lasts])])
    below = ranked[best + 1] if best + 1 < len(ranked) else min(-1.0, ranked[best]) - 1.0
    return float((ranked[best] + below) / 2)


def _smallest(values: npt.NDArray[np.float64], k: int) -> RankedPositions:
    """Return the positions of the k smallest values, ascending, ties in order."""
    if len(values) > k:
        limit = np.partition(values, k - 1)[k - 1]
        candidates = np.flatnonzero(values <= limit)
    else:
        candidates = np.arange(len(values))
    order = np.argsort(values[candidates], kind="stable")[:k]
    return candidates[order].astype(np.int64)


def _cosines(query: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
    products = rows @ query
    cosines: npt.NDArray[np.float64] = np.divide(
        products, lengths, out=np.zeros_like(products), where=lengths > 0.0
    )
    return cosines
