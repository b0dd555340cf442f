"""The sub-matrix SVD: feature vectors seen in the basis of the film around them.

With the samples of a window as the rows of X and X = U S V^T, a vector h is seen as its coordinates
V_r^T h in the first r right singular vectors.  Rows are not centred, as in the paper.  The truncation
leaves out what varies within shots (noise, small movement) and keeps what tells shots apart, as long
as the rank is not smaller than the number of different pictures in the window.

A basis is only good for vectors that it knows: one fitted before a new scene came sees nothing of
that scene.  So a sample is not judged when it arrives but `LOOKAHEAD_SAMPLES` samples later, when the window
holds what followed it.  Coordinates of different bases are never compared: clusters keep the sum of
their raw vectors, and everything is projected when it is compared.

Products are `np.einsum`'s or in pieces too small for BLAS to start threads (up to a rank of 35), and
eigenvectors are OpenCV's: BLAS threads wait for each other by spinning, which slows everything down
where other work keeps the processors busy, as ingest does.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.keyframes.histogram import Vector

Matrix = npt.NDArray[np.float32]

LOOKAHEAD_SAMPLES = 2
"""Samples that a judgement waits for, 0.7 s of film.  Of 192 drawn shots 0, 2 and 5 found .995, .995
and .990 at the default rank of 24, and .974, .990 and .990 at rank 12 (``bench.measure.keyframes``)."""

NEGLIGIBLE_EIGENVALUE = 1e-6
"""Directions whose eigenvalue is less than this share of the largest are noise of the arithmetic."""

BLAS_PIECE_ROWS = 30
"""Rows of a product that is left to BLAS at once."""


class Basis(Protocol):
    """A basis for feature vectors."""

    def project(self, vector: Vector) -> Vector:
        """The vector's coordinates, r or fewer of them."""


class SubMatrixBasis:
    """The basis of a fixed set of samples: the paper's form.  `rows` is N x D."""

    def __init__(self, rows: Matrix, rank: int) -> None:
        values, vectors = _leading(np.einsum("ik,jk->ij", rows, rows).astype(np.float64), rank)
        right = np.asarray(vectors / np.sqrt(values), np.float32)
        self._basis = np.einsum("ki,kj->ij", rows, right)

    def project(self, vector: Vector) -> Vector:
        """The vector's coordinates."""
        return np.asarray(np.einsum("i,ij->j", vector, self._basis), np.float32)


class SlidingBasis:
    """The basis of the last `window` samples, kept up to date with every sample.

    Works on the Gram matrix G = X X^T, of which only a row and a column change per sample.  Its
    leading eigenvectors are followed, not computed anew: one Rayleigh-Ritz step on the span of the
    old ones and of the newest samples, which is where a new direction must come from.
    """

    def __init__(self, window: int, rank: int) -> None:
        self._window, self._rank = window, rank
        self._slots = -(-window // BLAS_PIECE_ROWS) * BLAS_PIECE_ROWS  # the last few stay empty
        self._rows: Matrix = np.zeros((0, 0), np.float32)
        self._gram: Matrix = np.zeros((self._slots, self._slots), np.float32)
        self._lead: Matrix = np.zeros((self._slots, 0), np.float32)
        self._scale: Matrix = np.zeros(0, np.float32)
        self._count = 0

    def push(self, vector: Vector) -> None:
        """Takes a sample in; the oldest leaves a full window."""
        if not self._count:
            self._rows = np.zeros((self._slots, len(vector)), np.float32)
        slot = self._count % self._window
        self._rows[slot] = vector
        self._gram[slot] = self._gram[:, slot] = self._against(vector)
        self._lead[slot] = 0
        self._count += 1
        self._follow()

    def project(self, vector: Vector) -> Vector:
        """The vector's coordinates in the basis of the present window."""
        return np.asarray((self._against(vector) @ self._lead) * self._scale, np.float32)

    def _follow(self) -> None:
        newest = np.arange(max(0, self._count - LOOKAHEAD_SAMPLES - 1), self._count) % self._window
        old = self._lead.shape[1]
        start = np.zeros((self._slots, old + len(newest)), np.float32)
        start[:, :old] = self._lead
        start[newest, np.arange(old, start.shape[1])] = 1
        span, _ = np.linalg.qr(self._times_gram(start))
        values, vectors = _leading(span.T @ self._times_gram(span), self._rank)
        self._lead = span @ vectors
        self._scale = np.asarray(1 / np.sqrt(values), np.float32)

    def _against(self, vector: Vector) -> Vector:
        return np.asarray(np.einsum("ij,j->i", self._rows, vector), np.float32)

    def _times_gram(self, columns: Matrix) -> Matrix:
        pieces = self._gram.reshape(-1, BLAS_PIECE_ROWS, self._slots) @ columns
        return np.asarray(pieces.reshape(self._slots, -1), np.float32)


def _leading(
    symmetric: npt.NDArray[np.floating], rank: int
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """The largest eigenvalues, `rank` or fewer that are not negligible, and their vectors as columns."""
    _, values, vectors = cv2.eigen(symmetric)  # largest first, vectors in rows
    values = values.ravel()[:rank]
    keep = values > NEGLIGIBLE_EIGENVALUE * max(float(values[0]), 1e-12)
    return values[keep], vectors[:rank][keep].T
