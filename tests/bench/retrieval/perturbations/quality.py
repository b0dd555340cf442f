"""Perturbations of the pixels: compression, size, sharpness, noise and colour."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Image


def jpeg(image: Image, rng: np.random.Generator) -> Image:
    """Save as JPEG twice, with a shift of a few pixels between, as two services do; quality 10 to 35."""
    left, top = (int(shift) for shift in rng.integers(1, 8, 2))
    return saved(saved(image, int(rng.integers(20, 50)))[top:, left:], int(rng.integers(10, 36)))


def saved(image: Image, quality: int) -> Image:
    """Return the picture after JPEG at this quality."""
    bgr = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def downscale(image: Image, rng: np.random.Generator) -> Image:
    """Make a thumbnail of 72 to 140 pixels on its longer side."""
    return shrunk(image, int(rng.integers(72, 141)))


def shrunk(image: Image, long_side: int) -> Image:
    """Scale the picture to this longer side."""
    scale = long_side / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def blur(image: Image, rng: np.random.Generator) -> Image:
    """Blur as out of focus or shaken: by a disc or a line of 1.5 to 3 % of the longer side."""
    size = max(3, round(max(image.shape[:2]) * rng.uniform(0.015, 0.03))) | 1
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    if rng.random() < 0.5:
        cv2.circle(kernel, (middle, middle), middle, 1.0, -1)
    else:
        angle = rng.uniform(0, np.pi)
        reach = middle * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(np.rint(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT), np.uint8)


def noise(image: Image, rng: np.random.Generator) -> Image:
    """Add the noise of a sensor in the dark: 12 to 30 grey levels, coarser in colour than in brightness."""
    rows, columns = image.shape[:2]
    sigma = rng.uniform(12, 30)
    fine = rng.standard_normal((rows, columns, 1), np.float32)
    coarse = rng.standard_normal((rows // 3 + 1, columns // 3 + 1, 3), np.float32)
    colour = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return clipped(image + sigma * (0.8 * fine + 0.6 * colour))


def tone(image: Image, rng: np.random.Generator) -> Image:
    """Apply a filter as phones do: gamma, contrast, saturation and warmth, each up or down."""
    gamma = float(np.exp(rng.uniform(0.25, 0.6) * rng.choice([-1, 1])))
    contrast, saturation = rng.uniform(0.7, 1.4), rng.uniform(0.4, 1.7)
    warmth = 1 + rng.uniform(-0.15, 0.15) * np.array([1.0, 0.0, -1.0])
    light = 255 * (image / 255.0) ** gamma
    light = (light - 128) * contrast + 128
    mean = light.mean(axis=2, keepdims=True)
    return clipped((mean + (light - mean) * saturation) * warmth)


def grey(image: Image, rng: np.random.Generator) -> Image:
    """Remove the colour."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def sepia(image: Image, rng: np.random.Generator) -> Image:
    """Make an old photograph: brown, of low contrast, and darker at the corners."""
    rows, columns = image.shape[:2]
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] / 255.0
    brown = 255 * (0.08 + 0.88 * light) ** np.array([0.72, 0.95, 1.30])
    strength = rng.uniform(0.15, 0.45)
    return clipped(brown * (1 - strength * from_middle(rows, columns)[..., None] ** 2))


def from_middle(rows: int, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the distance of each pixel from the middle: 0 there, 1 in the corners."""
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    return np.asarray(np.sqrt((x**2 + y**2) / 2))


def clipped(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Image:
    """Round and clip real numbers to grey levels."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
