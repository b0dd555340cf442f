"""Precision: how near a network's descriptors in bf16 are to those in float32, measured on the network.

bf16 has eight bits of mantissa.  In textured pictures its rounding errors average out; in smooth ones
they all point the same way.  Networks differ, as ``python -m bench.measure.precision`` prints.  ImageNet's
MobileNetV2 keeps a cosine of .990 on the probes below and of .908 on the worst of 227 frames of real
clips, so it runs in float32 at nearly twice the time.  The first built-in filter, which was trained in
bf16, keeps .9999 on both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cbvir_core.embed.preprocess import Batch, prepare
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Preprocess

MIN_BF16_COSINE = 0.999
"""Cosine to float32 that bf16 must keep on the probes.  The worst real frames lost up to nine times as much
as the worst probe, and real frames are to keep .99."""

MIN_VIEWS_BF16_COSINE = 0.99
"""The same for views, which are kept as codes of 34 bytes.  A code is far less exact: that of a view in
float32 has a cosine of about .80 to it, and so has that of the view in bf16 (``bench.measure.precision
--clips``)."""

PROBE_COUNT = 8
_PROBE_SIDE = 128
_LONG_SIDE_PROBE_SIZE = (128, 160)  # height and width where the preprocessing keeps the aspect ratio


def worst_cosine(
    exact: Callable[[Batch], Rows], rounded: Callable[[Batch], Rows], preprocess: Preprocess
) -> float:
    """Return the smallest cosine between two ways to run a network, over smooth seeded pictures."""
    fixed = (preprocess.height, preprocess.width) if preprocess.height and preprocess.width else None
    size = fixed or _LONG_SIDE_PROBE_SIZE
    batch = np.stack([prepare(image, size, preprocess) for image in probes()])
    return float((exact(batch) * rounded(batch)).sum(axis=-1).min())


def probes(seed: int = 0) -> list[Image]:
    """Return clouds: their spectrum falls with the square of the frequency, steeper than in photos."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(_PROBE_SIDE)
    power = frequency[:, None] ** 2 + frequency**2
    power[0, 0] = 1
    return [_cloud(rng, power) for _ in range(PROBE_COUNT)]


def _cloud(rng: np.random.Generator, power: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Image:
    spectrum = np.fft.fft2(rng.normal(size=(3, *power.shape))) / power
    planes = np.fft.ifft2(spectrum).real
    planes /= planes.std(axis=(1, 2), keepdims=True)
    mixed = np.tensordot(1 + rng.normal(scale=0.4, size=(3, 3)), planes, 1).transpose(1, 2, 0)
    bright = mixed / mixed.std() * rng.uniform(20, 60) + rng.uniform(70, 180, 3)
    image: Image = np.clip(bright, 0, 255).astype(np.uint8)
    return image
