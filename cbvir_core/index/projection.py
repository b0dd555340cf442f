"""Principal component projection: fewer dimensions for ANNOY, nearly the same distances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.types import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A PCA: rows are centred on `mean` (D) and projected on the columns of `basis` (D x d).

    A distance between projected rows is never larger than that between the rows.
    """

    mean: Rows
    basis: Rows

    @classmethod
    def fit(cls, sample: Rows, variance: float) -> Projection:
        """Keep the fewest components that hold the share `variance` of the sample's variance."""
        mean = sample.mean(axis=0, dtype=np.float64)
        centred = sample - mean.astype(np.float32)
        # Of D x D numbers: takes as long for a million rows as for a thousand.
        eigenvalues, eigenvectors = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(sample))
        explained = np.cumsum(np.maximum(eigenvalues[::-1], 0.0))
        count = int(np.searchsorted(explained, variance * explained[-1])) + 1 if explained[-1] > 0 else 1
        kept = eigenvectors[:, ::-1][:, : min(count, len(mean))]
        return cls(mean.astype(np.float32), np.ascontiguousarray(kept, dtype=np.float32))

    def turned(self) -> Projection:
        """Return the subspace by other components, turned at random: all have about the same variance."""
        draws = np.random.default_rng(self.dimensions)
        turn = np.linalg.qr(draws.standard_normal((self.dimensions, self.dimensions)))[0]
        return Projection(self.mean, np.ascontiguousarray(self.basis @ turn.astype(np.float32)))

    @property
    def dimensions(self) -> int:
        """Components kept."""
        return int(self.basis.shape[1])

    def apply(self, rows: Rows) -> Rows:
        """Project rows: N x D -> N x d."""
        projected: Rows = np.matmul(rows - self.mean, self.basis)
        return projected

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        with path.open("wb") as file:
            np.savez(file, mean=self.mean, basis=self.basis)

    @classmethod
    def load(cls, path: Path) -> Projection:
        """Read what `save` wrote; raises OSError, ValueError or KeyError."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["mean"], arrays["basis"])
