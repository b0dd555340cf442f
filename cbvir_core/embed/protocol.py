"""Description of pictures as other authors publish it, for comparisons with their figures.

cbvir itself describes pictures by `cbvir_core.embed.encoders`, and never by this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from cbvir_core.decode import shrink_lanczos
from cbvir_core.embed.preprocess import Batch
from cbvir_core.embed.runtime import RuntimeOptions, open_runner
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Role, expect_role, fingerprint, read_header

Aggregation = Literal["mean", "gem"]
"""How rows of several scales become one: their mean, or their generalised mean with exponent 3."""

SCALE_EXPONENT = 3.0
SMALLEST_VALUE = 1e-6


@dataclass(frozen=True, slots=True)
class ReleasedProtocol:
    """How SOLAR's authors describe a picture in their released evaluation, and so do those of GeM.

    The picture is shrunk to at most `long_side` pixels (Lanczos, as Pillow's ``thumbnail``) and never
    enlarged; its sides are not rounded.  It is normalised, and scaled by each of `scales` (linearly, without
    averaging). The unit rows of the scales are aggregated, and the result is a unit row.
    """

    long_side: int = 1024
    scales: tuple[float, ...] = (1.0, 2**0.5, 2**-0.5)
    aggregation: Aggregation = "mean"

    def __str__(self) -> str:
        scales = ", ".join(f"{scale:.3g}" for scale in self.scales)
        return (
            f"at most {self.long_side} px, never enlarged, scales {scales}, {self.aggregation} of their rows"
        )


class ProtocolEncoder:
    """Pictures to descriptors by the network of a weight file, under a `ReleasedProtocol`.

    Mean and deviation of the input are those of the file.  Raise as `NetworkEncoder` does.
    """

    delay = None

    def __init__(
        self,
        weights: Path,
        role: Role,
        protocol: ReleasedProtocol,
        options: RuntimeOptions = RuntimeOptions(),
    ) -> None:
        header = read_header(weights)
        expect_role(weights, header, role)
        self._preprocess = header.preprocess
        self._protocol = protocol
        self._runner = open_runner(weights, fingerprint(weights), options)
        self.dim = self._runner.dim
        self.fingerprint = f"{fingerprint(weights)}, {protocol}"

    def encode(self, images: Sequence[Image]) -> Rows:
        """Return one unit row per picture, N x D."""
        rows = [self._row(image) for image in images]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _row(self, image: Image) -> Rows:
        picture = self._normalised(image)
        rows = [self._runner.run(_scaled(picture, scale))[0] for scale in self._protocol.scales]
        row = aggregate(np.stack(rows), self._protocol.aggregation)
        unit: Rows = row / max(float(np.linalg.norm(row)), float(np.finfo(np.float32).tiny))
        return unit

    def _normalised(self, image: Image) -> Batch:
        """Return the picture at scale 1, H x W x 3."""
        small = shrink_lanczos(image, self._protocol.long_side)
        mean = np.asarray(self._preprocess.mean, np.float32)
        std = np.asarray(self._preprocess.std, np.float32)
        return np.asarray((small.astype(np.float32) / 255 - mean) / std, np.float32)


def aggregate(rows: Rows, aggregation: Aggregation) -> Rows:
    """Return one row of the rows of several scales, S x D, not normalised.

    The generalised mean is for rows without negative values, those of networks without whitening.
    """
    if aggregation == "mean":
        return np.asarray(rows.mean(axis=0), np.float32)
    powered = np.maximum(rows, SMALLEST_VALUE) ** SCALE_EXPONENT
    return np.asarray(powered.mean(axis=0) ** (1 / SCALE_EXPONENT), np.float32)


def _scaled(picture: Batch, scale: float) -> Batch:
    """Return the network's input at a scale, 1 x 3 x H x W."""
    height, width = (max(1, int(side * scale)) for side in picture.shape[:2])
    resized = picture
    if (height, width) != picture.shape[:2]:
        step, shift = 1 / scale, 0.5 / scale - 0.5  # of the scale, not of the sizes, as torch's interpolate
        matrix = np.array([[step, 0, shift], [0, step, shift]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        resized = cv2.warpAffine(
            picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
    return np.ascontiguousarray(resized.transpose(2, 0, 1)[None], np.float32)
