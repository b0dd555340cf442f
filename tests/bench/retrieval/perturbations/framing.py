"""Perturbations of the framing: which part of the picture is seen, and in what frame."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.types import Image


def crop(image: Image, rng: np.random.Generator) -> Image:
    """Cut out 35 to 70 % of the area, anywhere, with an aspect up to a quarter off the picture's."""
    return _window(image, rng, area=rng.uniform(0.35, 0.70), aspect=float(np.exp(rng.uniform(-0.22, 0.22))))


def trim(image: Image, rng: np.random.Generator) -> Image:
    """Cut off the edges and keep 75 to 92 % of the area."""
    return _window(image, rng, area=rng.uniform(0.75, 0.92), aspect=1.0)


def _window(image: Image, rng: np.random.Generator, area: float, aspect: float) -> Image:
    rows, columns = image.shape[:2]
    height = min(rows, round(rows * np.sqrt(area / aspect)))
    width = min(columns, round(columns * np.sqrt(area * aspect)))
    top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def letterbox(image: Image, rng: np.random.Generator) -> Image:
    """Add bars above and below, 10 to 24 % of the new height each; usually black."""
    bar = round(image.shape[0] * (share := rng.uniform(0.10, 0.24)) / (1 - 2 * share))
    return _bars(image, (bar, bar, 0, 0), rng)


def pillarbox(image: Image, rng: np.random.Generator) -> Image:
    """Add bars left and right, 10 to 26 % of the new width each; usually black."""
    bar = round(image.shape[1] * (share := rng.uniform(0.10, 0.26)) / (1 - 2 * share))
    return _bars(image, (0, 0, bar, bar), rng)


def windowbox(image: Image, rng: np.random.Generator) -> Image:
    """Add bars on all four sides, 6 to 16 % of the new height and width each; usually black."""
    tall, wide = (
        round(side * (share := rng.uniform(0.06, 0.16)) / (1 - 2 * share)) for side in image.shape[:2]
    )
    return _bars(image, (tall, tall, wide, wide), rng)


def _bars(image: Image, sides: tuple[int, int, int, int], rng: np.random.Generator) -> Image:
    level = 0 if rng.random() < 0.8 else int(rng.integers(8, 256))
    return np.asarray(cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=[level] * 3), np.uint8)


def mirror(image: Image, rng: np.random.Generator) -> Image:
    """Exchange left and right, as uploaders do to escape recognition."""
    return np.ascontiguousarray(image[:, ::-1])


def rotate(image: Image, rng: np.random.Generator) -> Image:
    """Rotate by 4 to 15 degrees; half of them keep black corners, half are cropped to the content."""
    rows, columns = image.shape[:2]
    degrees = rng.uniform(4, 15) * rng.choice([-1, 1])
    angle = abs(np.deg2rad(degrees))
    bound = np.array(
        [columns * np.cos(angle) + rows * np.sin(angle), columns * np.sin(angle) + rows * np.cos(angle)]
    )
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0)
    matrix[:, 2] += bound / 2 - (columns / 2, rows / 2)
    turned = cv2.warpAffine(image, matrix, tuple(np.ceil(bound).astype(int).tolist()), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        return np.asarray(turned, np.uint8)
    scale = min(columns / bound[0], rows / bound[1])  # the same aspect, inside the turned picture
    height, width = round(rows * scale), round(columns * scale)
    top, left = (turned.shape[0] - height) // 2, (turned.shape[1] - width) // 2
    return np.ascontiguousarray(turned[top : top + height, left : left + width])


def perspective(image: Image, rng: np.random.Generator) -> Image:
    """Show the picture from the side: corners move in by up to 14 % of the sides; the outside is cropped."""
    rows, columns = image.shape[:2]
    drawn = rng.uniform(0.0, 0.14, (4, 2)) * (columns, rows)
    seen = corners(columns, rows) + drawn.astype(np.float32) * _INWARDS
    matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), corners(columns, rows))
    return np.asarray(cv2.warpPerspective(image, matrix, (columns, rows)), np.uint8)


def corners(width: float, height: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return the corners clockwise from the top left, 4 x 2."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


_INWARDS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
