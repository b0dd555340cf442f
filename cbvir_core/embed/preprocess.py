"""Preprocessing: the one place where a picture is scaled and normalised to a network's input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image
from cbvir_core.weights import Preprocess

Batch = npt.NDArray[np.float32]
"""Network input: N x 3 x H x W, normalised."""

CPU_BATCH_PIXELS = 8 * 224 * 224  # larger batches run no faster (``bench.networks``), and take memory
CUDA_BATCH_PIXELS = 64 * 224 * 224

NETWORK_STRIDE = 32  # both networks halve the picture five times; sides that divide evenly lose no border


def input_size(image: Image, preprocess: Preprocess, scale: float = 1.0) -> tuple[int, int]:
    """Return height and width of the network's input for this picture at this scale.

    With `long_side` the aspect ratio is kept up to rounding both sides to multiples of 32, so that the
    pictures of one video share a shape and can go through the network together.  Small pictures are
    scaled up, because GeM features change with the scale of what is in the picture, and a query rarely has
    the size of the video it was taken from.
    """
    if preprocess.height is not None and preprocess.width is not None:
        return round(preprocess.height * scale), round(preprocess.width * scale)
    assert preprocess.long_side is not None, "Preprocess has one or the other"
    height, width = image.shape[:2]
    factor = preprocess.long_side * scale / max(height, width)
    return _whole_strides(height * factor), _whole_strides(width * factor)


def prepare(image: Image, size: tuple[int, int], preprocess: Preprocess) -> npt.NDArray[np.float32]:
    """Return the picture scaled to `size` (height, width) and normalised: 3 x H x W.

    The whole picture is used, never a crop.  It is averaged by area where it shrinks, and interpolated
    linearly where it grows.
    """
    height, width = size
    shrinks = height * width < image.shape[0] * image.shape[1]
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    mean = np.asarray(preprocess.mean, np.float32) * 255
    factor = 1 / (np.asarray(preprocess.std, np.float32) * 255)
    return np.ascontiguousarray(((scaled - mean) * factor).transpose(2, 0, 1), np.float32)


def batches(
    images: Sequence[Image], preprocess: Preprocess, scale: float, pixels: int
) -> Iterator[tuple[list[int], Batch]]:
    """Yield batches of equal shape of about `pixels` pixels, each with the positions of its pictures."""
    groups: dict[tuple[int, int], list[int]] = {}
    for position, image in enumerate(images):
        groups.setdefault(input_size(image, preprocess, scale), []).append(position)
    for size, positions in groups.items():
        step = max(1, pixels // (size[0] * size[1]))
        for start in range(0, len(positions), step):
            chosen = positions[start : start + step]
            yield chosen, np.stack([prepare(images[position], size, preprocess) for position in chosen])


def _whole_strides(side: float) -> int:
    return max(1, round(side / NETWORK_STRIDE)) * NETWORK_STRIDE
