"""Pictures to descriptors: the filter's and the refinement's encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from cbvir_core.embed.preprocess import batches
from cbvir_core.embed.runtime import RuntimeOptions, open_runner
from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Image, Rows
from cbvir_core.weights.file import (
    FILTER_ARCHITECTURE,
    REFINE_PREFIX,
    Preprocess,
    WeightsHeader,
    fingerprint,
    read_header,
)


class Encoder(Protocol):
    """Whatever turns pictures into descriptors.  Threads may call it at once and do not wait."""

    @property
    def dim(self) -> int:
        """Width of a row."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and the preprocessing; rows of different fingerprints are not compared."""

    @property
    def delay(self) -> str | None:
        """Why `encode` would not begin at once, in words; None where it would."""

    def encode(self, images: Sequence[Image]) -> Rows:
        """One unit row per picture, in order."""


class NetworkEncoder:
    """Pictures to descriptors by the network of a weight file.

    Raises WeightsMissing, WeightsDamaged, WeightsMismatch, ConfigError.
    """

    delay = None

    def __init__(
        self, weights: Path, header: WeightsHeader, preprocess: Preprocess, options: RuntimeOptions
    ) -> None:
        self.header = header
        key = fingerprint(weights)
        self.fingerprint = key if preprocess == header.preprocess else fingerprint(weights, preprocess)
        self._preprocess = preprocess
        self._runner = open_runner(weights, key, options)
        self.dim = self._runner.dim

    def encode(self, images: Sequence[Image]) -> Rows:
        """One unit row per picture, N x D.  With several scales, the normalised mean of theirs."""
        rows = np.zeros((len(images), self.dim), np.float32)
        for scale in self._preprocess.scales:
            for positions, batch in batches(images, self._preprocess, scale, self._runner.pixels):
                rows[positions] += self._runner.run(batch)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Rows = rows / np.maximum(norms, np.finfo(np.float32).tiny)
        return unit


class MobileNetEncoder(NetworkEncoder):
    """The filter: MobileNetV2, compared by Euclidean distance (MoReSo, Table I).

    `threads` is per call; `cache` is a folder for the converted network (`RuntimeOptions`).
    """

    def __init__(
        self,
        weights: Path,
        *,
        device: str = "auto",
        runtime: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
    ) -> None:
        header = read_header(weights)
        if header.architecture != FILTER_ARCHITECTURE:
            raise WeightsMismatch(
                f"{weights} is for {header.architecture}; the filter is {FILTER_ARCHITECTURE}"
            )
        super().__init__(weights, header, header.preprocess, RuntimeOptions(device, runtime, threads, cache))


class SolarEncoder(NetworkEncoder):
    """The refinement: SOLAR, compared by cosine (MoReSo, equations 3-7).

    `long_side` and `scales` replace those of the weight file, and change the fingerprint with it;
    otherwise as `MobileNetEncoder`.
    """

    def __init__(
        self,
        weights: Path,
        *,
        device: str = "auto",
        runtime: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
        long_side: int | None = None,
        scales: tuple[float, ...] | None = None,
    ) -> None:
        header = read_header(weights)
        if not header.architecture.startswith(REFINE_PREFIX):
            raise WeightsMismatch(f"{weights} is for {header.architecture}, not for SOLAR")
        preprocess = replace(header.preprocess, scales=scales or header.preprocess.scales)
        if long_side is not None:
            preprocess = replace(preprocess, height=None, width=None, long_side=long_side)
        super().__init__(weights, header, preprocess, RuntimeOptions(device, runtime, threads, cache))


def open_encoder(
    kind: type[MobileNetEncoder] | type[SolarEncoder], weights: Path, options: RuntimeOptions
) -> Encoder:
    """The encoder of a weight file as the options say.  Raises as the encoders do."""
    return kind(
        weights,
        device=options.device,
        runtime=options.runtime,
        threads=options.threads,
        cache=options.cache,
    )
