"""From raw region descriptors to those that are compared: whitening, then attention."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cbvir_core.types import Floats


@dataclass(frozen=True, slots=True, eq=False)
class RegionWhitening:
    """PCA whitening of region descriptors: `weight` D x C and `bias` D (ViSiL, section 3.1)."""

    weight: Floats = field(repr=False)
    bias: Floats = field(repr=False)

    @property
    def dim(self) -> int:
        """Width of a whitened descriptor."""
        return len(self.bias)

    def __call__(self, raw: Floats) -> Floats:
        """Return unit rows, ... x D, of raw ones, ... x C, which stay as they are."""
        rows = raw @ self.weight.T + self.bias
        norms = np.linalg.norm(rows, axis=-1, keepdims=True)
        return np.asarray(rows / np.maximum(norms, 1e-9), np.float32)


def attention_weights(rows: Floats, context: Floats) -> Floats:
    """Return the weight of each region in [0, 1]: ``u . x / 2 + .5`` of unit rows x (ViSiL, equation 4).

    `rows` is ... x D, `context` is u, D, which is normalised here.
    """
    unit = context / max(1e-9, float(np.linalg.norm(context)))
    return np.asarray(rows @ unit / 2 + 0.5, np.float32)


def attended(rows: Floats, context: Floats) -> Floats:
    """Return unit rows, each times its attention weight; regions that say little become short."""
    return np.asarray(rows * attention_weights(rows, context)[..., None], np.float32)
