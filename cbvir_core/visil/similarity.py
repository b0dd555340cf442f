"""The similarity of two videos from the similarities of their frames."""

from __future__ import annotations

from cbvir_core.types import Floats


def chamfer(matrix: Floats) -> float:
    """Return the symmetric chamfer similarity of a matrix, N x M.

    It is the mean over the rows of their largest value, averaged with the same of the columns (ViSiL,
    equation 5, both ways round, for one way alone is not symmetric).  Raise ValueError where it is empty.
    """
    return (one_way_chamfer(matrix) + one_way_chamfer(matrix.T)) / 2


def one_way_chamfer(matrix: Floats) -> float:
    """Return the mean over the rows of their largest value: how much of the query is in the other video.

    Raise ValueError where the matrix is empty.
    """
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"a similarity matrix has frames on both sides, not the shape {matrix.shape}")
    return float(matrix.max(axis=1).mean())
