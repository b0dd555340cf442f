"""Exact Euclidean neighbours in a matrix: the slow truth, and the last step of every fast way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Rows

SPARE = 32
"""Candidates beyond k that are measured again.  The quick form of the distance cancels digits: of unit
rows it is off by up to 1e-6 in the square, which reorders neighbours that are that close."""


class Neighbours(NamedTuple):
    """Row numbers and Euclidean distances, ascending; equal distances by row number."""

    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float32]


NOBODY = Neighbours(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


def distances(query: Rows, vectors: Rows) -> npt.NDArray[np.float32]:
    """Euclidean distances of one query (D) to N x D vectors, to the last digit that float32 has."""
    difference = vectors - query
    found: npt.NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return found


def nearest(
    query: Rows, rows: npt.NDArray[np.int64], vectors: Rows, k: int, squares: Rows | None = None
) -> Neighbours:
    """The k nearest of N x D `vectors`, which are called `rows`.  `squares` are their squared norms."""
    if k <= 0 or len(rows) == 0:
        return NOBODY
    if len(rows) > k + SPARE:
        norms = np.einsum("ij,ij->i", vectors, vectors) if squares is None else squares
        likely = np.argpartition(norms - 2.0 * (vectors @ query), k + SPARE - 1)[: k + SPARE]
        rows, vectors = rows[likely], vectors[likely]
    return first(rows, distances(query, vectors), k)


def first(rows: npt.NDArray[np.int64], found: npt.NDArray[np.float32], k: int) -> Neighbours:
    """The k nearest of candidates whose distances are known."""
    order = np.lexsort((rows, found))[:k]
    return Neighbours(rows[order], found[order])


def merged(parts: list[Neighbours], k: int) -> Neighbours:
    """The k nearest of several answers about different rows."""
    if not parts:
        return NOBODY
    return first(
        np.concatenate([part.rows for part in parts]), np.concatenate([part.distances for part in parts]), k
    )
