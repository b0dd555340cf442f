"""Perturbations: what people do to a frame before they ask with it.

Each takes an RGB picture and a source of randomness, leaves the picture as it is and returns another one.  A
collage takes a second frame too.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.types import Image

Perturbation = Callable[[Image, np.random.Generator], Image]


def unchanged(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture itself."""
    return image


def cropped(image: Image, rng: np.random.Generator) -> Image:
    """Cut out a part that has 0.5 to 0.9 of each side."""
    return _part(image, rng, 0.5, 0.9)


def cropped_small(image: Image, rng: np.random.Generator) -> Image:
    """Cut out a part that has 0.35 to 0.6 of each side."""
    return _part(image, rng, 0.35, 0.6)


def toned(image: Image, rng: np.random.Generator) -> Image:
    """Change brightness and contrast."""
    return np.asarray(
        cv2.convertScaleAbs(image, alpha=rng.uniform(0.6, 1.3), beta=rng.uniform(-20, 40)), np.uint8
    )


def saved_badly(image: Image, rng: np.random.Generator) -> Image:
    """Scale down to 0.35 to 0.8 of each side, and compress as JPEG of quality 15 to 59."""
    factor = rng.uniform(0.35, 0.8)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 60))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def thumbnail(image: Image, rng: np.random.Generator) -> Image:
    """Scale down to 96 to 160 pixels of the longer side, as lists of pictures do."""
    return fit_within(image, int(rng.integers(96, 161)))


def blurred(image: Image, rng: np.random.Generator) -> Image:
    """Blur with a standard deviation of 1 to 3 pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(1.0, 3.0)), np.uint8)


def grey(image: Image, rng: np.random.Generator) -> Image:
    """Take the colours away."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def mirrored(image: Image, rng: np.random.Generator) -> Image:
    """Exchange left and right."""
    return np.ascontiguousarray(image[:, ::-1])


def turned(image: Image, rng: np.random.Generator) -> Image:
    """Turn by one, two or three quarters."""
    return np.ascontiguousarray(np.rot90(image, int(rng.integers(1, 4))))


def boxed(image: Image, rng: np.random.Generator) -> Image:
    """Add black bars of 0, 0.12 or 0.25 of the side: above and below, left and right."""
    vertical, horizontal = (round(side * rng.choice([0.0, 0.12, 0.25])) for side in image.shape[:2])
    boxed_in = cv2.copyMakeBorder(image, vertical, vertical, horizontal, horizontal, cv2.BORDER_CONSTANT)
    return np.asarray(boxed_in, np.uint8)


def halftone(image: Image, rng: np.random.Generator) -> Image:
    """Print as black dots 3 to 5 pixels apart on a screen turned by 45 degrees, and photograph that."""
    rows, columns = np.indices(image.shape[:2])
    radians_per_pixel = 2.0 * np.pi / (rng.uniform(3.0, 5.0) * np.sqrt(2.0))
    screen = np.cos((rows + columns) * radians_per_pixel) + np.cos((rows - columns) * radians_per_pixel)
    inked = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) < 127.5 + 63.75 * screen
    printed = cv2.GaussianBlur(np.where(inked, 25, 235).astype(np.uint8), (0, 0), 0.8)
    return np.asarray(cv2.cvtColor(printed, cv2.COLOR_GRAY2RGB), np.uint8)


def captioned(image: Image, rng: np.random.Generator) -> Image:
    """Cover the lowest 18 % with a dark bar and a line of print."""
    captioned_image = image.copy()
    height, width = image.shape[:2]
    top = round(height * 0.82)
    captioned_image[top:] = rng.integers(0, 80, 3)
    scale = max(0.3, width / 600)
    cv2.putText(
        captioned_image,
        f"No. {rng.integers(1000):03}: seen on TV",
        (width // 20, round(height * 0.93)),
        0,
        scale,
        (240, 240, 240),
        1,
    )
    return captioned_image


def slanted(image: Image, rng: np.random.Generator) -> Image:
    """Move each corner by up to 0.08 of the sides, as a photograph at a slant does."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.08, 0.08, corners.shape).astype(np.float32) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(image, matrix, (width, height), borderValue=(90, 90, 90)), np.uint8)


PERTURBATIONS: tuple[Perturbation, ...] = (
    unchanged,
    cropped,
    cropped_small,
    toned,
    saved_badly,
    thumbnail,
    blurred,
    grey,
    mirrored,
    turned,
    boxed,
    halftone,
    captioned,
    slanted,
)


def collage(image: Image, other: Image, rng: np.random.Generator) -> Image:
    """Put two frames beside each other, or one above the other, in any order."""
    axis = int(rng.integers(0, 2))
    height, width = image.shape[:2]
    # The side along which they touch becomes that of the first.
    size = (width, max(1, round(other.shape[0] * width / other.shape[1])))
    if axis == 1:
        size = (max(1, round(other.shape[1] * height / other.shape[0])), height)
    fitted = np.asarray(cv2.resize(other, size, interpolation=cv2.INTER_AREA), np.uint8)
    both = [image, fitted] if rng.integers(0, 2) else [fitted, image]
    return np.concatenate(both, axis=axis)


def _part(image: Image, rng: np.random.Generator, smallest: float, largest: float) -> Image:
    height, width = image.shape[:2]
    part_height, part_width = (
        max(16, round(side * rng.uniform(smallest, largest))) for side in (height, width)
    )
    top, left = rng.integers(0, max(1, height - part_height)), rng.integers(0, max(1, width - part_width))
    return np.ascontiguousarray(image[top : top + part_height, left : left + part_width])
