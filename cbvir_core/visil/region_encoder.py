"""Frames to region descriptors by the filter's network, through OpenVINO."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cbvir_core.embed.conversions import conversion, drop_conversion, written_whole
from cbvir_core.embed.openvino_runtime import compile_network, has_bf16, infer
from cbvir_core.embed.precision import MIN_BF16_COSINE, worst_cosine
from cbvir_core.embed.preprocess import CPU_BATCH_PIXELS, Batch, batches
from cbvir_core.errors import needs_torch
from cbvir_core.types import Image
from cbvir_core.weights import expect_role, fingerprint, read_header

RegionRows = npt.NDArray[np.float32]
"""Descriptors of the nine regions of each frame, row by row: N x 9 x C."""


class RegionEncoder:
    """Pictures to the descriptors of their regions by a filter's weight file, as `RegionNetwork` makes them.

    `blocks` are the blocks of the filter's network whose maps are taken.  The converted network is kept in
    `cache`; the next process that finds it there needs no torch.  It runs in bf16 where that keeps its
    accuracy (`cbvir_core.embed.precision`).  One thread calls it at a time.  Raise WeightsMissing,
    WeightsDamaged, WeightsMismatch, PackageMissing.
    """

    def __init__(
        self, weights: Path, blocks: Sequence[int], *, threads: int = 1, cache: Path | None = None
    ) -> None:
        header = read_header(weights)
        expect_role(weights, header, "filter")
        self.blocks = tuple(sorted(set(blocks)))
        self.fingerprint = region_fingerprint(weights, self.blocks)
        self.preprocess = header.preprocess
        model = _converted(weights, self.blocks, conversion(cache, self.fingerprint) if cache else None)
        exact = compile_network(model, "f32", threads)
        self.precision, compiled = "f32", exact
        if has_bf16():
            rounded = compile_network(model, "bf16", threads)
            run = [partial(infer, one.create_infer_request()) for one in (exact, rounded)]
            if worst_cosine(run[0], run[1], self.preprocess) >= MIN_BF16_COSINE:
                self.precision, compiled = "bf16", rounded
        self._request = compiled.create_infer_request()
        self.dim = int(compiled.output(0).partial_shape[-1].get_length())

    def encode(self, images: Sequence[Image]) -> RegionRows:
        """Return the unit rows of the regions of each picture, N x 9 x C, in order."""
        rows = np.zeros((len(images), 9, self.dim), np.float32)
        for positions, batch in batches(images, self.preprocess, 1.0, CPU_BATCH_PIXELS):
            rows[positions] = self.run(batch)
        return rows

    def run(self, batch: Batch) -> RegionRows:
        """Return the unit rows of the regions of a batch that is normalised already, N x 3 x H x W."""
        return infer(self._request, batch)


def region_fingerprint(weights: Path, blocks: Sequence[int]) -> str:
    """Return 32 hexadecimal digits that name a filter's weights and the blocks whose maps are taken."""
    described = json.dumps([fingerprint(weights), "regions", list(blocks)])
    return hashlib.blake2b(described.encode(), digest_size=16).hexdigest()


def _converted(weights: Path, blocks: Sequence[int], kept: Path | None) -> Any:
    """Return the network as an OpenVINO model, from the cache where it is there."""
    import openvino  # after `openvino_runtime`, which keeps it from reporting to its makers

    if kept is not None:
        try:
            return openvino.Core().read_model(kept / "network.xml")
        except (RuntimeError, OSError):
            drop_conversion(kept)
    model = _convert(weights, blocks)
    if kept is not None:
        with suppress(OSError, RuntimeError), written_whole(kept) as folder:
            openvino.save_model(model, folder / "network.xml", compress_to_fp16=False)
    return model


def _convert(weights: Path, blocks: Sequence[int]) -> Any:
    import openvino

    with needs_torch():
        import torch

        from cbvir_core.embed.networks import load_network
        from cbvir_core.visil.region_network import RegionNetwork

    network = RegionNetwork(load_network(weights).features, blocks).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO reads torch by tracing, whose deprecation it must mend
        return openvino.convert_model(
            network, example_input=torch.zeros(1, 3, 128, 96), input=[-1, 3, -1, -1]
        )
