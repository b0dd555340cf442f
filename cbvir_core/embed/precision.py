"""How much of a network's answer survives in bf16, measured on the network itself.

bf16 has eight bits of mantissa.  In textured pictures its rounding errors average out; in smooth ones
they all point the same way.  Networks differ, as ``tests/bench/measure/precision.py`` prints: ImageNet's
MobileNetV2 keeps a cosine of .990 on the probes below and of .908 on the worst of 227 frames of real
clips, so it runs in float32 at nearly twice the time; the first built-in filter, which was trained in
bf16, keeps .9999 of both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cbvir_core.embed.preprocess import Batch, prepare
from cbvir_core.types import Image, Rows
from cbvir_core.weights.file import Preprocess

SMALLEST_COSINE = 0.999
"""What bf16 must keep on the probes.  The worst real frames lost up to nine times as much as the worst
probe, and .99 is promised for them."""

PROBES = 8
_PROBE_SIDE = 128
_SOLAR_SIZE = (128, 160)


def worst_cosine(exact: Callable[[Batch], Rows], rounded: Callable[[Batch], Rows], seen: Preprocess) -> float:
    """The smallest cosine between two ways to run a network, over smooth seeded pictures."""
    size = (seen.height, seen.width) if seen.height and seen.width else _SOLAR_SIZE
    batch = np.stack([prepare(image, size, seen) for image in probes()])
    return float((exact(batch) * rounded(batch)).sum(axis=1).min())


def probes(seed: int = 0) -> list[Image]:
    """Clouds: pictures whose spectrum falls with the square of the frequency, steeper than in photos."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(_PROBE_SIDE)
    power = frequency[:, None] ** 2 + frequency**2
    power[0, 0] = 1
    return [_cloud(rng, power) for _ in range(PROBES)]


def _cloud(rng: np.random.Generator, power: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Image:
    spectrum = np.fft.fft2(rng.normal(size=(3, *power.shape))) / power
    planes = np.fft.ifft2(spectrum).real
    planes /= planes.std(axis=(1, 2), keepdims=True)
    mixed = np.tensordot(1 + rng.normal(scale=0.4, size=(3, 3)), planes, 1).transpose(1, 2, 0)
    bright = mixed / mixed.std() * rng.uniform(20, 60) + rng.uniform(70, 180, 3)
    image: Image = np.clip(bright, 0, 255).astype(np.uint8)
    return image
