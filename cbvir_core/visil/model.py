"""The model of video similarity that comes with cbvir: whitening, attention and comparator from one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy

from cbvir_core.align import frame_similarities
from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.types import Floats
from cbvir_core.visil.comparator import COMPARATOR_LAYERS, Comparator
from cbvir_core.visil.regions import RegionWhitening, attended
from cbvir_core.visil.similarity import chamfer
from cbvir_core.weights import read_header

VISIL_ARCHITECTURE = "visil"
BUILTIN_VISIL = Path(__file__).parent / "visil.safetensors"
"""The weights that come with cbvir, made for the built-in filter."""


class VisilModel:
    """Raw region descriptors to the similarity of two videos (ViSiL, ICCV 2019).  Thread-safe.

    The file holds ``whitening.weight`` (D x C), ``whitening.bias`` and ``attention.context`` (D), and the
    layers of the comparator.  `blocks` are those of the filter's network whose maps the regions are of;
    `filter_fingerprint` names the filter.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch.
    """

    def __init__(self, path: Path = BUILTIN_VISIL) -> None:
        self.header = read_header(path)
        if self.header.architecture != VISIL_ARCHITECTURE:
            raise WeightsMismatch(f"is of {self.header.architecture}, not of {VISIL_ARCHITECTURE}", path=path)
        self.tensors = _read(path)
        try:
            self.blocks = tuple(int(block) for block in self.header.details["blocks"])
            self.filter_fingerprint = str(self.header.details["filter"])
            self.whitening = RegionWhitening(
                self.part("whitening.")["weight"], self.tensors["whitening.bias"]
            )
            self.context = self.tensors["attention.context"]
            self.comparator = Comparator(self.part("comparator."))
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsDamaged(f"lacks a part of ViSiL: {error}", path=path) from error

    def part(self, prefix: str) -> dict[str, Floats]:
        """Return the tensors whose names begin with `prefix`, without it."""
        own = self.tensors.items()
        return {name.removeprefix(prefix): value for name, value in own if name.startswith(prefix)}

    def describe(self, raw: Floats) -> Floats:
        """Return what is compared of each frame: attended regions N x 9 x D of raw ones N x 9 x C."""
        return attended(self.whitening(raw), self.context)

    def compare(self, query: Floats, video: Floats) -> Floats:
        """Return the compared matrix of two videos, in [-1, 1], by their regions, N x 9 x D and M x 9 x D."""
        return self.comparator(frame_similarities(query, video))

    def similarity(self, query: Floats, video: Floats, pooled: Callable[[Floats], float] = chamfer) -> float:
        """Return the similarity of two videos in [-1, 1]; `pooled` is what is made of the matrix."""
        return pooled(self.compare(query, video))


def visil_tensors(
    whitening: RegionWhitening, context: Floats, comparator: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Return the tensors of a file that `VisilModel` reads, in float16."""
    tensors = {"whitening.weight": whitening.weight, "whitening.bias": whitening.bias}
    tensors["attention.context"] = context
    for layer in COMPARATOR_LAYERS:
        for kind in ("weight", "bias"):
            tensors[f"comparator.{layer}.{kind}"] = comparator[f"{layer}.{kind}"]
    return {name: np.ascontiguousarray(value, np.float16) for name, value in tensors.items()}


def _read(path: Path) -> dict[str, Floats]:
    try:
        tensors = safetensors.numpy.load(path.read_bytes())
    except (safetensors.SafetensorError, OSError) as error:
        raise WeightsDamaged(f"is damaged or no weight file ({error})", path=path) from error
    return {name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}
