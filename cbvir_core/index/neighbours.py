"""Exact Euclidean neighbours in a matrix: what approximate search is compared with, and its last step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cbvir_core.types import RowMask, RowNumbers, Rows

SPARE_CANDIDATES = 32
"""Candidates beyond k that are measured again.  The quick form of the distance cancels digits: of unit
rows it is off by up to 1e-6 in the square, which reorders neighbours that are that close."""


class Neighbours(NamedTuple):
    """Row numbers and Euclidean distances, ascending; equal distances by row number."""

    rows: RowNumbers
    distances: npt.NDArray[np.float32]


NO_NEIGHBOURS = Neighbours(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


def distances(query: Rows, vectors: Rows) -> npt.NDArray[np.float32]:
    """Return the Euclidean distances of one query (D) to N x D vectors, to the last digit of float32."""
    difference = vectors - query
    measured: npt.NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return measured


def nearest(query: Rows, rows: RowNumbers, vectors: Rows, k: int, squares: Rows | None = None) -> Neighbours:
    """Return the k nearest of N x D `vectors` with the row numbers `rows`.

    `squares` are the squared norms of the vectors, where they are known already.
    """
    if k <= 0 or len(rows) == 0:
        return NO_NEIGHBOURS
    if len(rows) > k + SPARE_CANDIDATES:
        norms = np.einsum("ij,ij->i", vectors, vectors) if squares is None else squares
        wanted = k + SPARE_CANDIDATES
        candidates = np.argpartition(norms - 2.0 * (vectors @ query), wanted - 1)[:wanted]
        rows, vectors = rows[candidates], vectors[candidates]
    return first(rows, distances(query, vectors), k)


def permitted(rows: RowNumbers, within: RowMask) -> RowMask:
    """Return which rows are `within`, a mask by row number; rows beyond its end are not."""
    mask: RowMask = within[np.minimum(rows, len(within) - 1)] & (rows < len(within))
    return mask


def first(rows: RowNumbers, measured: npt.NDArray[np.float32], k: int) -> Neighbours:
    """Return the k nearest of candidates whose distances were measured."""
    order = np.lexsort((rows, measured))[:k]
    return Neighbours(rows[order], measured[order])


def merged(parts: list[Neighbours], k: int) -> Neighbours:
    """Return the k nearest of several lists of neighbours, which have no row in common."""
    if not parts:
        return NO_NEIGHBOURS
    rows = np.concatenate([part.rows for part in parts])
    return first(rows, np.concatenate([part.distances for part in parts]), k)
