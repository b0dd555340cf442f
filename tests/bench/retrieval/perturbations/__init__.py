"""Perturbations: what people do to a frame before they search with it.

They are written for the benchmark, in OpenCV and Pillow, and share no code with the augmentation of
training: weights must not be tested by the code that they were trained with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zlib import crc32

import cv2
import numpy as np

from bench.retrieval.perturbations import framing, overlay, page, quality, screen
from cbvir_core.types import Image

Perturbation = Callable[[Image, np.random.Generator], Image]
"""Return a new picture made of a frame; all random numbers come from the generator."""

UNEDITED = "unedited"

SMALLEST_SIDE = 480
"""Longer side that smaller pictures are enlarged to first: people do not caption thumbnails."""


def unedited(image: Image, rng: np.random.Generator) -> Image:
    """Return the frame itself."""
    return image


def repost(image: Image, rng: np.random.Generator) -> Image:
    """Make a picture that was posted several times: cropped a little, with a logo, small, strong JPEG."""
    marked = overlay.logo(framing.trim(image, rng), rng)
    return quality.saved(quality.shrunk(marked, int(rng.integers(180, 361))), int(rng.integers(25, 60)))


PERTURBATIONS: Mapping[str, Perturbation] = {
    UNEDITED: unedited,
    "crop": framing.crop,
    "letterbox": framing.letterbox,
    "pillarbox": framing.pillarbox,
    "windowbox": framing.windowbox,
    "mirror": framing.mirror,
    "rotation": framing.rotate,
    "perspective": framing.perspective,
    "page": page.page,
    "player": page.player,
    "screen photo": screen.photograph,
    "jpeg": quality.jpeg,
    "downscale": quality.downscale,
    "blur": quality.blur,
    "noise": quality.noise,
    "tone": quality.tone,
    "grey": quality.grey,
    "sepia": quality.sepia,
    "caption": overlay.caption,
    "logo": overlay.logo,
    "repost": repost,
}
"""Every perturbation by its name, in the order of the tables."""


def perturbed(image: Image, kind: str, key: str, seed: int) -> Image:
    """Return the perturbed picture, the same for the same kind, key and seed."""
    rng = np.random.default_rng([seed, crc32(kind.encode()), crc32(key.encode())])
    return PERTURBATIONS[kind](_enlarged(image), rng)


def _enlarged(image: Image) -> Image:
    scale = SMALLEST_SIDE / max(image.shape[:2])
    if scale <= 1:
        return image
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
