"""Learning a codec of frame views from descriptors; cbvir comes with the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import safetensors.numpy

from cbvir_core.errors import ConfigError
from cbvir_core.files import no_room, replacing
from cbvir_core.index.frame_codec import CODE_BITS
from cbvir_core.types import Floats, Rows

LEARNING_ROUNDS = 12
"""Rounds of k-means for the centroids of the lists."""

POINTS_PER_CENTROID = 64
"""Views that k-means looks at for each centroid, at most."""


@dataclass(frozen=True, slots=True)
class CodecSizes:
    """The sizes of a codec: principal components, inverted lists, and quantisers of the residual.

    The components are a multiple of the quantisers.  A code has a byte for each quantiser and two for the
    list.
    """

    dimensions: int = 256
    lists: int = 1024
    quantisers: int = 32

    @property
    def fewest_views(self) -> int:
        """Views without which there is no such codec."""
        return max(self.dimensions, self.lists, 1 << CODE_BITS)


def learn_codec(views: Rows, path: Path, sizes: CodecSizes = CodecSizes(), seed: int = 0) -> None:
    """Learn a codec from unit rows of views (N x D) and write the file that `FrameCodec` reads.

    The same rows, seed and threads give the same file.  Raise ConfigError where there are too few rows, and
    DiskFull.
    """
    if len(views) < sizes.fewest_views:
        raise ConfigError(
            f"{len(views)} views of pictures are too few to learn a codec from; name folders with pictures "
            f"that have at least {sizes.fewest_views} views"
        )
    mean = views.mean(axis=0)
    projection = _projection(views - mean, sizes.dimensions, np.random.default_rng(seed))
    projected = (views - mean) @ projection.T
    projected /= np.maximum(np.linalg.norm(projected, axis=1, keepdims=True), 1e-9)
    centroids, codebooks = _quantisers(np.ascontiguousarray(projected, np.float32), sizes, seed)
    parts = {"mean": mean, "projection": projection, "centroids": centroids, "codebooks": codebooks}
    data = safetensors.numpy.save(
        {name: np.ascontiguousarray(part, np.float16) for name, part in parts.items()}
    )
    with no_room(path), replacing(path) as temporary:
        temporary.write_bytes(data)


def _projection(centred: Rows, dimensions: int, draws: np.random.Generator) -> Floats:
    """Return the largest principal components, rotated at random, P x D.

    Each quantiser has a part of the dimensions; after the rotation all parts have about the same variance.
    """
    covariance = centred.T.astype(np.float64) @ centred
    _, vectors = np.linalg.eigh(covariance)
    components = vectors[:, ::-1][:, :dimensions].T
    rotation = np.linalg.qr(draws.standard_normal((len(components), len(components))))[0]
    projection: Floats = (rotation @ components).astype(np.float32)
    return projection


def _quantisers(projected: Floats, sizes: CodecSizes, seed: int) -> tuple[Floats, Floats]:
    """Return the centroids of the lists, of unit norm, and the codebooks of the residuals."""
    dimensions = projected.shape[1]
    coarse = faiss.IndexFlatIP(dimensions)
    lists = faiss.IndexIVFPQ(
        coarse, dimensions, sizes.lists, sizes.quantisers, CODE_BITS, faiss.METRIC_INNER_PRODUCT
    )
    lists.cp.niter, lists.cp.spherical, lists.cp.seed = LEARNING_ROUNDS, True, seed
    lists.cp.max_points_per_centroid = POINTS_PER_CENTROID
    lists.pq.cp.seed = seed
    lists.cp.min_points_per_centroid = lists.pq.cp.min_points_per_centroid = 1  # fewer are a warning each
    lists.train(projected)
    codebooks = faiss.vector_to_array(lists.pq.centroids)
    return coarse.reconstruct_n(0, sizes.lists), codebooks.reshape(sizes.quantisers, 1 << CODE_BITS, -1)
