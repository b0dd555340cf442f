"""Edits of which part of the picture is seen, at which size, and which way up."""

from __future__ import annotations

import numpy as np

from bench.retrieval.perturbations.quality import saved, shrunk
from cbvir_core.types import Image


def cropped(image: Image, rng: np.random.Generator, share: float) -> Image:
    """Cut out a place by chance that has this share of the width and of the height."""
    rows, columns = image.shape[:2]
    height, width = round(rows * share), round(columns * share)
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def thumbnail(image: Image, rng: np.random.Generator, long_side: int) -> Image:
    """Make a thumbnail with this longer side, as pages show it: JPEG of quality 75 to 90."""
    return saved(shrunk(image, long_side), int(rng.integers(75, 91)))


def turned(image: Image, quarters: int) -> Image:
    """Turn the picture clockwise by so many quarters."""
    return np.ascontiguousarray(np.rot90(image, -quarters))
