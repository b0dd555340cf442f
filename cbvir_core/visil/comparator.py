"""ViSiL's comparator: a small convolutional network that reads the similarity matrix of two videos.

Four layers (ViSiL, table 1): 3 x 3 convolutions to 32, 64 and 128 channels with ReLU, maximum pooling by
two behind the first two, and a 1 x 1 convolution to one value; 92,801 numbers.  The values are clipped to
[-1, 1].

Two things differ from the paper.  Its kernels are symmetric, so that the transposed matrix gives the
transposed output, and the similarity of two videos does not depend on their order.  And a row or column that
is left over by the pooling is pooled alone, not dropped; so every frame counts, and a video of a single frame
can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cbvir_core.types import Floats

CHANNELS = (1, 32, 64, 128)
"""Channels before and behind each of the 3 x 3 convolutions."""

COMPARATOR_LAYERS = ("conv1", "conv2", "conv3", "out")
"""Names of the layers; each has a ``weight``, out x in x side x side, and a ``bias``, out."""

POOLED_LAYERS = 2


class Comparator:
    """The comparator in numpy, from its tensors by name (``conv1.weight``); they stay as they are."""

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        layers = [(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in COMPARATOR_LAYERS]
        self._layers = [
            (_as_matrix(np.asarray(weight, np.float32)), np.asarray(bias, np.float32))
            for weight, bias in layers
        ]

    def __call__(self, matrix: Floats) -> Floats:
        """Return the compared matrix of N x M frame similarities: N/4 x M/4, rounded up, in [-1, 1].

        Raise ValueError for a matrix without a value.
        """
        if matrix.ndim != 2 or not matrix.size:
            raise ValueError(f"a similarity matrix has frames on both sides, not the shape {matrix.shape}")
        maps = np.asarray(matrix, np.float32)[:, :, None]
        for number, (weight, bias) in enumerate(self._layers[:-1]):
            maps = np.maximum(_convolved(maps, weight) + bias, 0.0)
            if number < POOLED_LAYERS:
                maps = _pooled(maps)
        weight, bias = self._layers[-1]
        return np.asarray(np.clip((maps @ weight + bias)[:, :, 0], -1.0, 1.0), np.float32)


def _as_matrix(kernel: Floats) -> Floats:
    """Return a kernel, out x in x side x side, as the matrix (in side side) x out."""
    return np.ascontiguousarray(kernel.reshape(len(kernel), -1).T)


def _convolved(maps: Floats, weight: Floats) -> Floats:
    """Return H x W x out of H x W x in; beyond the edge the edge is mirrored, with itself."""
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    windows = sliding_window_view(padded, (3, 3), axis=(0, 1))
    height, width = maps.shape[:2]
    product: Floats = windows.reshape(height * width, -1) @ weight
    return product.reshape(height, width, -1)


def _pooled(maps: Floats) -> Floats:
    """Return the maxima of 2 x 2 cells; at an odd edge of what there is."""
    height, width, channels = maps.shape
    even = np.pad(maps, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    cells = even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, channels)
    return np.asarray(cells.max(axis=(1, 3)), np.float32)
