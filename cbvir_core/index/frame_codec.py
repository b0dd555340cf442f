"""The codec of frame views: short codes of descriptors, and empty inverted lists that take them.

A descriptor is projected by principal components, given to the nearest of the coarse centroids, and the
residual is product-quantised (Jégou et al., PAMI 2011; faiss computes all of it).  The codec was learnt once
from photographs (``python -m cbvir_core.train.codec``) and comes with cbvir, so codes of all libraries can be
compared and nothing is learnt while videos are taken in.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import safetensors.numpy

from cbvir_core.types import Floats, Rows

CODEC_FILE = Path(__file__).parent / "frame_codec.safetensors"

CODE_BITS = 8
"""Bits of one quantiser of the residual, as faiss computes fastest without blocks."""

Codes = npt.NDArray[np.uint8]
"""Codes of views, one in each row of the last axis."""


def use_one_thread() -> None:
    """Let faiss compute in the calling thread alone from now on; call it before faiss computes.

    Its other threads wait by spinning: on two cores with other work, ten queries among a million codes took
    80 ms with two threads and 16 ms with one, and among 100,000 codes 32 and 3 ms.
    """
    faiss.omp_set_num_threads(1)  # a setting of the calling thread, not of the process


class FrameCodec:
    """Descriptors to codes and back.  Thread-safe.

    `centroids` are those of the lists (K x P), `codebooks` those of the residuals (M x 256 x P/M).

    The file holds `mean` (D), `projection` (P x D), `centroids` (K x P) and `codebooks` (M x 256 x P/M), all
    float16.
    """

    def __init__(self, path: Path = CODEC_FILE) -> None:
        data = path.read_bytes()
        tensors = safetensors.numpy.load(data)
        parts = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}
        self.fingerprint = hashlib.blake2b(data, digest_size=8).hexdigest()
        self._mean, self._projection = parts["mean"], parts["projection"]
        self.centroids, self.codebooks = parts["centroids"], parts["codebooks"]
        self._coder = self.empty_lists()

    @property
    def code_bytes(self) -> int:
        """Bytes of one code."""
        return int(self._coder.sa_code_size())

    def project(self, descriptors: Rows) -> Floats:
        """Return descriptors (N x D) in the space of the codes, N x P, of unit norm."""
        projected = (descriptors - self._mean) @ self._projection.T
        norms = np.linalg.norm(projected, axis=-1, keepdims=True)
        return np.ascontiguousarray(projected / np.maximum(norms, 1e-9), np.float32)

    def encode(self, views: npt.NDArray[np.float32]) -> Codes:
        """Return the codes of views, N x V x D -> N x V x BYTES."""
        use_one_thread()
        pictures, count, dim = views.shape
        flat = self.project(views.reshape(-1, dim))
        codes: Codes = self._coder.sa_encode(flat).reshape(pictures, count, -1)
        return codes

    def decode(self, codes: Codes) -> Floats:
        """Return about what `project` gave before the codes (N x BYTES) were made, N x P."""
        use_one_thread()
        decoded: Floats = self._coder.sa_decode(np.ascontiguousarray(codes))
        return decoded

    def empty_lists(self) -> Any:
        """Return inverted lists without a code: a faiss IndexIVFPQ of inner products."""
        count, width = self.centroids.shape
        coarse = faiss.IndexFlatIP(width)
        coarse.add(self.centroids)
        lists = faiss.IndexIVFPQ(
            coarse, width, count, len(self.codebooks), CODE_BITS, faiss.METRIC_INNER_PRODUCT
        )
        lists.own_fields = True
        coarse.this.disown()
        faiss.copy_array_to_vector(self.codebooks.ravel(), lists.pq.centroids)
        lists.is_trained = True
        return lists


@cache
def shipped_codec() -> FrameCodec:
    """Return the codec that comes with cbvir."""
    return FrameCodec()
