"""What people do to a frame before they ask with it; for questions whose answers are known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cbvir_core.types import Image

Edit = Callable[[Image, np.random.Generator], Image]


def as_is(image: Image, rng: np.random.Generator) -> Image:
    """Nothing."""
    return image


def cropped(image: Image, rng: np.random.Generator) -> Image:
    """A part of 0.5 to 0.9 of each side."""
    height, width = image.shape[:2]
    tall, wide = (max(16, round(side * rng.uniform(0.5, 0.9))) for side in (height, width))
    top, left = rng.integers(0, max(1, height - tall)), rng.integers(0, max(1, width - wide))
    return np.ascontiguousarray(image[top : top + tall, left : left + wide])


def toned(image: Image, rng: np.random.Generator) -> Image:
    """Darker or lighter, harder or softer."""
    return np.asarray(
        cv2.convertScaleAbs(image, alpha=rng.uniform(0.6, 1.3), beta=rng.uniform(-20, 40)), np.uint8
    )


def saved_badly(image: Image, rng: np.random.Generator) -> Image:
    """Scaled down and compressed."""
    factor = rng.uniform(0.35, 0.8)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 60))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def blurred(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(1.0, 3.0)), np.uint8)


def grey(image: Image, rng: np.random.Generator) -> Image:
    """Without colours."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def mirrored(image: Image, rng: np.random.Generator) -> Image:
    """Left to right."""
    return np.ascontiguousarray(image[:, ::-1])


def boxed(image: Image, rng: np.random.Generator) -> Image:
    """With bars."""
    tall, wide = (round(side * rng.choice([0.0, 0.12, 0.25])) for side in image.shape[:2])
    return np.asarray(cv2.copyMakeBorder(image, tall, tall, wide, wide, cv2.BORDER_CONSTANT), np.uint8)


def captioned(image: Image, rng: np.random.Generator) -> Image:
    """With a bar of print below."""
    made = image.copy()
    height, width = image.shape[:2]
    top = round(height * 0.82)
    made[top:] = rng.integers(0, 80, 3)
    scale = max(0.3, width / 600)
    cv2.putText(
        made,
        f"No. {rng.integers(1000):03}: seen on TV",
        (width // 20, round(height * 0.93)),
        0,
        scale,
        (240, 240, 240),
        1,
    )
    return made


def turned(image: Image, rng: np.random.Generator) -> Image:
    """Photographed at a slant."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.08, 0.08, corners.shape).astype(np.float32) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(image, matrix, (width, height), borderValue=(90, 90, 90)), np.uint8)


EDITS: tuple[Edit, ...] = (
    as_is,
    cropped,
    toned,
    saved_badly,
    blurred,
    grey,
    mirrored,
    boxed,
    captioned,
    turned,
)
