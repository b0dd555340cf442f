"""Encoders: from pictures to descriptors by the network of a weight file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from cbvir_core.embed.preprocess import batches
from cbvir_core.embed.runtime import RuntimeOptions, open_runner
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Preprocess, Role, expect_role, fingerprint, read_header


class Encoder(Protocol):
    """Whatever turns pictures into descriptors.  Several threads may call it at once without waiting."""

    @property
    def dim(self) -> int:
        """Width of a row."""

    @property
    def fingerprint(self) -> str:
        """Name of the weights and the preprocessing; rows of different fingerprints are not compared."""

    @property
    def delay(self) -> str | None:
        """Why `encode` could not begin at once, as a sentence; None where it could."""

    def encode(self, images: Sequence[Image]) -> Rows:
        """Return one unit row per picture, in order."""


class NetworkEncoder:
    """Pictures to descriptors by the network of a weight file.

    The filter (MoReSo, Table I) is compared by Euclidean distance, the refinement (equations 3-7) by cosine.
    `role` is what the weight file must be for.  `preprocess` replaces that of the file, and changes the
    fingerprint with it.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch, ConfigError.
    """

    delay = None

    def __init__(
        self,
        weights: Path,
        role: Role,
        options: RuntimeOptions = RuntimeOptions(),
        *,
        preprocess: Preprocess | None = None,
    ) -> None:
        self.header = read_header(weights)
        expect_role(weights, self.header, role)
        self.fingerprint = fingerprint(weights, preprocess)
        self._preprocess = preprocess or self.header.preprocess
        self._runner = open_runner(weights, fingerprint(weights), options)
        self.dim = self._runner.dim

    def encode(self, images: Sequence[Image]) -> Rows:
        """Return one unit row per picture, N x D.  With several scales, it is their normalised mean."""
        rows = np.zeros((len(images), self.dim), np.float32)
        for scale in self._preprocess.scales:
            for positions, batch in batches(images, self._preprocess, scale, self._runner.pixels):
                rows[positions] += self._runner.run(batch)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Rows = rows / np.maximum(norms, np.finfo(np.float32).tiny)
        return unit
