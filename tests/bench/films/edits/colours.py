"""An edit of the colours: HDR that a program without tone mapping shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.retrieval.perturbations.quality import clipped
from cbvir_core.types import Image

TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear BT.709 primaries to BT.2020 (ITU-R BT.2087, table 2)."""

PQ_PEAK_NITS = 10_000.0


def hdr_as_sdr(image: Image, rng: np.random.Generator) -> Image:
    """Return how an HDR10 version looks where its code values are shown as SDR: grey, flat, pale.

    White is 120 to 300 nits there; 203 are usual (ITU-R BT.2408).
    """
    light = (image / 255.0) ** 2.4 @ TO_BT2020.T
    return clipped(255 * perceptual_quantizer(light * rng.uniform(120, 300)))


def perceptual_quantizer(nits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the code value in [0, 1] of a luminance (SMPTE ST 2084, equation 5.2)."""
    power = np.clip(nits / PQ_PEAK_NITS, 0, 1) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
