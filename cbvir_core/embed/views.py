"""Views: the whole picture and parts of it, from one pass of the filter's network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.embed.preprocess import batches
from cbvir_core.embed.runtime import Runner, RuntimeOptions, open_runner
from cbvir_core.types import Image, Rows
from cbvir_core.weights import expect_role, fingerprint, read_header

ViewRows = npt.NDArray[np.float32]
"""Unit rows of the views of each picture, N x V x D; view 0 is the whole picture."""

QUERY_SCALES = (1.0, 2 / 3, 1 / 2)
"""Sizes of the network's input, by its usual size, at which a query is described.  A crop is described as the
window of the frame it comes from only where both are read at the same size."""


class ViewEncoder:
    """Pictures to the descriptors of their views by a filter's weight file.  Thread-safe.

    The network is loaded by its first use.  The constructor and that use raise WeightsMissing,
    WeightsDamaged, WeightsMismatch, ConfigError.
    """

    def __init__(self, weights: Path, options: RuntimeOptions = RuntimeOptions()) -> None:
        header = read_header(weights)
        expect_role(weights, header, "filter")
        self.fingerprint = fingerprint(weights)
        self._weights, self._options, self._preprocess = weights, options, header.preprocess
        self._loading = threading.Lock()
        self._runner: Runner | None = None

    def load(self) -> Runner:
        """Return the network; load it where that has not been done."""
        with self._loading:
            if self._runner is None:
                self._runner = open_runner(self._weights, self.fingerprint, self._options, views=True)
            return self._runner

    def encode(self, images: Sequence[Image]) -> ViewRows:
        """Return the rows of all views of each picture, N x V x D, in order; there is at least one picture.

        Pictures of one video share a shape, so every picture has as many views.
        """
        runner, parts = self.load(), list[tuple[list[int], ViewRows]]()
        for positions, batch in batches(images, self._preprocess, 1.0, runner.pixels):
            parts.append((positions, runner.run(batch)))
        rows = np.zeros((len(images), *parts[0][1].shape[1:]), np.float32)
        for positions, some in parts:
            rows[positions] = some
        return rows

    def encode_query(self, image: Image, scales: Sequence[float] = QUERY_SCALES) -> Rows:
        """Return the rows of a picture as a whole, one for each of `scales`: S x D."""
        runner, rows = self.load(), list[Rows]()
        for scale in scales:
            for _, batch in batches([image], self._preprocess, scale, runner.pixels):
                rows.append(runner.run(batch)[:, 0])
        return np.concatenate(rows)
