"""Frames to the filter's features before whitening, through OpenVINO."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cbvir_core.embed.conversions import conversion, drop_conversion, written_whole
from cbvir_core.embed.openvino_runtime import compile_network, has_bf16, infer
from cbvir_core.embed.precision import MIN_BF16_COSINE, worst_cosine
from cbvir_core.embed.preprocess import CPU_BATCH_PIXELS, Batch, batches
from cbvir_core.errors import needs_torch
from cbvir_core.types import Floats, Image, Rows
from cbvir_core.weights import Preprocess, expect_role, fingerprint, read_header

GREY_MEAN, GREY_STD = 0.449, 0.226
"""Mean and deviation of grey pictures: those of ImageNet's three channels, averaged."""


class FeatureEncoder:
    """Pictures to the features of a filter's weight file: pooled, not whitened, not normalised.

    - `grey`: the network of one channel (`cbvir_core.sequences.feature_network.grey_network`); pictures are
      made grey, and all channels are normalised alike.
    - `cache`: where the converted network is kept; the next process that finds it there needs no torch.

    It runs in bf16 where that keeps its accuracy (`cbvir_core.embed.precision`).  One thread calls it at a
    time.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch, PackageMissing.
    """

    def __init__(
        self, weights: Path, *, grey: bool = False, threads: int = 1, cache: Path | None = None
    ) -> None:
        header = read_header(weights)
        expect_role(weights, header, "filter")
        self.grey = grey
        self.fingerprint = fingerprint(weights)
        self.preprocess = _grey_preprocess(header.preprocess) if grey else header.preprocess
        kept = conversion(cache, _conversion_name(self.fingerprint, grey)) if cache else None
        model = _converted(weights, grey, kept)
        exact = compile_network(model, "f32", threads)
        self.precision, compiled = "f32", exact
        if has_bf16():
            rounded = compile_network(model, "bf16", threads)
            if _worst_cosine(exact, rounded, self.preprocess, grey) >= MIN_BF16_COSINE:
                self.precision, compiled = "bf16", rounded
        self._request = compiled.create_infer_request()
        self.dim = int(compiled.output(0).partial_shape[-1].get_length())

    def encode(self, images: Sequence[Image]) -> Floats:
        """Return the features of each picture, N x C, in order."""
        rows = np.zeros((len(images), self.dim), np.float32)
        pictures = [_greyed(image) for image in images] if self.grey else images
        for positions, batch in batches(pictures, self.preprocess, 1.0, CPU_BATCH_PIXELS):
            rows[positions] = self.run(batch[:, :1] if self.grey else batch)
        return rows

    def run(self, batch: Batch) -> Floats:
        """Return the features of a batch that is normalised already, N x channels x H x W."""
        return infer(self._request, batch)


def _grey_preprocess(of_colour: Preprocess) -> Preprocess:
    same_mean, same_std = (GREY_MEAN,) * 3, (GREY_STD,) * 3
    return Preprocess(of_colour.height, of_colour.width, of_colour.long_side, same_mean, same_std)


def _greyed(image: Image) -> Image:
    """Return the picture with its luma (ITU-R BT.601) in all three channels."""
    luma = np.rint(image @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    return np.repeat(luma[:, :, None], 3, axis=2)


def _worst_cosine(exact: Any, rounded: Any, preprocess: Preprocess, grey: bool) -> float:
    def unit(run: Callable[[Batch], Floats], batch: Batch) -> Rows:
        rows = run(batch[:, :1] if grey else batch)
        scaled: Rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return scaled

    runs = [partial(unit, partial(infer, one.create_infer_request())) for one in (exact, rounded)]
    return worst_cosine(runs[0], runs[1], preprocess)


def _conversion_name(of_weights: str, grey: bool) -> str:
    described = json.dumps([of_weights, "features", grey])
    return hashlib.blake2b(described.encode(), digest_size=16).hexdigest()


def _converted(weights: Path, grey: bool, kept: Path | None) -> Any:
    """Return the network as an OpenVINO model, from the cache where it is there."""
    import openvino  # after `openvino_runtime`, which keeps it from reporting to its makers

    if kept is not None:
        try:
            return openvino.Core().read_model(kept / "network.xml")
        except (RuntimeError, OSError):
            drop_conversion(kept)
    model = _convert(weights, grey)
    if kept is not None:
        with suppress(OSError, RuntimeError), written_whole(kept) as folder:
            openvino.save_model(model, folder / "network.xml", compress_to_fp16=False)
    return model


def _convert(weights: Path, grey: bool) -> Any:
    import openvino  # after `openvino_runtime`, which keeps it from reporting to its makers

    with needs_torch():
        import torch

        from cbvir_core.sequences.feature_network import load_features

    channels = 1 if grey else 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO reads torch by tracing, whose deprecation it must mend
        return openvino.convert_model(
            load_features(weights, grey=grey),
            example_input=torch.zeros(1, channels, 128, 96),
            input=[-1, channels, -1, -1],
        )
