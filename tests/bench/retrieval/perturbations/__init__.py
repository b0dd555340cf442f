"""What people do to a frame before they ask where it is from.

Written for the benchmark alone, in OpenCV and Pillow, and apart from the augmentation that training uses:
weights must not be tested by the code they were trained with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zlib import crc32

import cv2
import numpy as np

from bench.retrieval.perturbations import framing, overlay, page, quality, screen
from cbvir_core.types import Image

Perturbation = Callable[[Image, np.random.Generator], Image]
"""A new picture of a frame; all chance comes from the generator."""

UNEDITED = "unedited"

SMALLEST_SIDE = 480
"""Long side that smaller pictures are enlarged to first: people do not caption thumbnails."""


def unedited(image: Image, rng: np.random.Generator) -> Image:
    """The frame itself."""
    return image


def repost(image: Image, rng: np.random.Generator) -> Image:
    """What has been through several hands: cropped a little, with a logo, made smaller and saved badly."""
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
"""Every kind of edit by its name, in the order of the tables."""


def perturbed(image: Image, kind: str, key: str, seed: int) -> Image:
    """The picture edited; the same picture for the same kind, key and seed, whatever was made before."""
    rng = np.random.default_rng([seed, crc32(kind.encode()), crc32(key.encode())])
    return PERTURBATIONS[kind](_enlarged(image), rng)


def _enlarged(image: Image) -> Image:
    scale = SMALLEST_SIDE / max(image.shape[:2])
    if scale <= 1:
        return image
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
