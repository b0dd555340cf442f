"""The sub-matrix SVD: feature vectors are compared in the basis of the film around them.

With the samples of a window as the rows of X and X = U S V^T, a vector h is represented by its coordinates
V_r^T h in the first r right singular vectors.  Rows are not centred, as in the published code.  The
truncation leaves out what varies within shots (noise, small movement) and keeps what distinguishes shots, as
long as the rank is not smaller than the number of different pictures in the window.

A basis represents only vectors like those it was fitted to: one fitted before a new scene began has no
direction for that scene.  So a sample is not judged when it arrives but `LOOKAHEAD_SAMPLES` samples later,
when the window holds what followed it.  Coordinates of different bases are never compared: clusters keep
the sum of their raw vectors, and both sides are projected at the time of a comparison.

Products are made by `np.einsum` or in pieces too small for BLAS to start threads (up to a rank of 35), and
so are eigenvectors of the online form.  BLAS threads wait for each other by spinning, which slows everything
down where other work keeps the processors busy, as ingest does.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.keyframes.histogram import Vector
from cbvir_core.types import Floats

LOOKAHEAD_SAMPLES = 2
"""Samples that must follow a sample before it is judged: 0.7 s of film.  Of 192 drawn shots, 0, 2 and 5 find
.995, .995 and .990 at the default rank of 24, and .974, .990 and .990 at rank 12
(``bench.measure.keyframes``)."""

NEGLIGIBLE_EIGENVALUE = 1e-6
"""Directions whose eigenvalue is less than this share of the largest are rounding noise."""

BLAS_PIECE_ROWS = 30
"""Rows of one product that BLAS computes: so few that it starts no threads."""


class Basis(Protocol):
    """A basis for feature vectors."""

    def project(self, vector: Vector) -> Vector:
        """Return the vector's coordinates, r or fewer of them."""


class SubMatrixBasis:
    """The basis of a fixed set of samples, a sub-matrix of the paper.  `rows` is N x D."""

    def __init__(self, rows: Floats, rank: int) -> None:
        values, vectors = _leading(np.einsum("ik,jk->ij", rows, rows).astype(np.float64), rank)
        right = np.asarray(vectors / np.sqrt(values), np.float32)
        self._basis = np.einsum("ki,kj->ij", rows, right)

    def project(self, vector: Vector) -> Vector:
        """Return the vector's coordinates."""
        return np.asarray(np.einsum("i,ij->j", vector, self._basis), np.float32)


class SlidingBasis:
    """The basis of the last `window` samples, updated with every sample.

    It works on the Gram matrix G = X X^T, of which only a row and a column change with a sample.  The
    leading eigenvectors are updated, not computed anew: one Rayleigh-Ritz step on the span of the
    old ones and of the newest samples, because a new direction can only come from these.
    """

    def __init__(self, window: int, rank: int) -> None:
        self._window, self._rank = window, rank
        self._slots = -(-window // BLAS_PIECE_ROWS) * BLAS_PIECE_ROWS  # the last few stay empty
        self._rows: Floats = np.zeros((0, 0), np.float32)
        self._gram: Floats = np.zeros((self._slots, self._slots), np.float32)
        self._lead: Floats = np.zeros((self._slots, 0), np.float32)
        self._scale: Floats = np.zeros(0, np.float32)
        self._count = 0
        self._newest: deque[tuple[Vector, int]] = deque(maxlen=min(window, LOOKAHEAD_SAMPLES + 1))

    def push(self, vector: Vector) -> None:
        """Add a sample; in a full window it replaces the oldest.

        Where a film stands still, the very same vector is added `LOOKAHEAD_SAMPLES` + 1 times at most.
        """
        newest = self._newest
        if len(newest) == newest.maxlen and all(before is vector for before, _ in newest):
            return
        if not self._count:
            self._rows = np.zeros((self._slots, len(vector)), np.float32)
        slot = self._count % self._window
        products = self._products(vector)
        products[slot] = np.dot(vector, vector)
        self._rows[slot] = vector
        self._gram[slot] = self._gram[:, slot] = products
        self._lead[slot] = 0
        self._newest.append((vector, slot))
        self._count += 1
        self._update_eigenvectors()

    def project(self, vector: Vector) -> Vector:
        """Return the vector's coordinates in the basis of the present window."""
        return np.asarray((self._products(vector) @ self._lead) * self._scale, np.float32)

    def _update_eigenvectors(self) -> None:
        newest = np.arange(max(0, self._count - LOOKAHEAD_SAMPLES - 1), self._count) % self._window
        old = self._lead.shape[1]
        start = np.zeros((self._slots, old + len(newest)), np.float32)
        start[:, :old] = self._lead
        start[newest, np.arange(old, start.shape[1])] = 1
        span, _ = np.linalg.qr(self._times_gram(start))
        values, vectors = _leading(span.T @ self._times_gram(span), self._rank)
        self._lead = span @ vectors
        self._scale = np.asarray(1 / np.sqrt(values), np.float32)

    def _products(self, vector: Vector) -> Vector:
        """Return the products of all rows with a vector; those of the newest rows are known already."""
        for newest, slot in self._newest:
            if newest is vector:
                return self._gram[:, slot].copy()
        return np.asarray(np.einsum("ij,j->i", self._rows, vector), np.float32)

    def _times_gram(self, columns: Floats) -> Floats:
        pieces = self._gram.reshape(-1, BLAS_PIECE_ROWS, self._slots) @ columns
        return np.asarray(pieces.reshape(self._slots, -1), np.float32)


def _leading(
    symmetric: npt.NDArray[np.floating], rank: int
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return the `rank` largest eigenvalues, without negligible ones, and their vectors as columns."""
    values, vectors = np.linalg.eigh(symmetric)  # smallest first, vectors in columns
    values, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
    keep = values > NEGLIGIBLE_EIGENVALUE * max(float(values[0]), 1e-12)
    return values[keep], np.ascontiguousarray(vectors[:, keep])
