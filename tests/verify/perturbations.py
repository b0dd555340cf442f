"""Perturbations: what happens to a picture between a film and a query, the same at every call."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cbvir_core.decode import decode_still, encode_still
from cbvir_core.types import Image

Perturbation = Callable[[Image], Image]
LETTERS = np.array(list("abcdefghij klmnop qrstuvwxyz"))


def plain(image: Image) -> Image:
    return image


def crop_half(image: Image) -> Image:
    """Cut out half of the area, off the middle."""
    return _cut(image, 0.5**0.5, 0.2, 0.12)


def crop_quarter(image: Image) -> Image:
    """Cut out half of each side, off the middle."""
    return _cut(image, 0.5, 0.25, 0.2)


def page(image: Image) -> Image:
    """Put the picture on a page of text, 1200 x 900, in which it takes .35 of the width."""
    paper = np.full((900, 1200, 3), 250, np.uint8)
    chance = np.random.default_rng(0)
    for y in range(40, 880, 24):
        line = "".join(chance.choice(LETTERS, 90))
        cv2.putText(paper, line, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (30, 30, 30), 1, cv2.LINE_AA)
    height, width = image.shape[:2]
    scale = min(0.35 * 1200 / width, 0.6 * 900 / height)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = int((900 - small.shape[0]) * 0.3), int((1200 - small.shape[1]) * 0.6)
    paper[top - 8 : top + small.shape[0] + 8, left - 8 : left + small.shape[1] + 8] = 255
    paper[top : top + small.shape[0], left : left + small.shape[1]] = small
    return paper


def mirror(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def caption(image: Image) -> Image:
    """Lay a bar over the lower sixth, with always the same words."""
    edited = image.copy()
    height, width = edited.shape[:2]
    bar = int(height * 0.16)
    edited[height - bar :] = (20, 20, 60)
    place, size = (int(width * 0.03), height - bar // 3), width / 640
    thick = max(1, width // 400)
    words = "BREAKING NEWS: the same words"
    cv2.putText(edited, words, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), thick, cv2.LINE_AA)
    return edited


def logo(image: Image) -> Image:
    """Lay always the same emblem over the upper right corner, .3 of the shorter side."""
    emblem = np.full((120, 120, 3), (200, 30, 30), np.uint8)
    cv2.circle(emblem, (60, 60), 45, (255, 255, 255), 6)
    cv2.putText(emblem, "TV9", (18, 75), cv2.FONT_HERSHEY_DUPLEX, 1.5, (255, 255, 0), 3, cv2.LINE_AA)
    cv2.line(emblem, (10, 10), (110, 30), (0, 0, 90), 4)
    edited = image.copy()
    height, width = edited.shape[:2]
    side = int(min(height, width) * 0.3)
    small = cv2.resize(emblem, (side, side), interpolation=cv2.INTER_AREA)
    edited[8 : 8 + side, width - 8 - side : width - 8] = small
    return edited


def both(image: Image) -> Image:
    return logo(caption(image))


def jpeg25(image: Image) -> Image:
    return decode_still(encode_still(image, quality=25))


def blur(image: Image) -> Image:
    """Blur by a Gaussian, one part in 320 of the long side."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(image.shape) / 320), np.uint8)


def rotate(image: Image) -> Image:
    """Turn by ten degrees, corners cut off, black where nothing is."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def screen(image: Image) -> Image:
    """Photograph the picture on a screen from the side: perspective, moiré, noise, less contrast, JPEG."""
    height, width = image.shape[:2]
    wide, high = int(width * 1.3), int(height * 1.3)
    chance = np.random.default_rng(3)
    wall = np.clip(70 + chance.normal(0, 6, (high, wide, 1)), 0, 255).astype(np.uint8).repeat(3, axis=2)
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0.14, 0.10], [0.88, 0.16], [0.84, 0.90], [0.10, 0.86]], np.float32)
    matrix = cv2.getPerspectiveTransform(frame, seen * np.array([wide, high], np.float32))
    shot = cv2.warpPerspective(image, matrix, (wide, high), wall, borderMode=cv2.BORDER_TRANSPARENT)
    y, x = np.mgrid[0:high, 0:wide]
    waves = 6 * np.sin(x * 0.9 + y * 0.13) + 5 * np.sin(y * 1.1)
    noisy = shot * 0.8 + 20 + waves[..., None] + chance.normal(0, 4, shot.shape)
    soft = cv2.GaussianBlur(np.clip(noisy, 0, 255).astype(np.uint8), (0, 0), 0.8)
    return decode_still(encode_still(np.asarray(soft, np.uint8), quality=60))


def grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def windowbox(image: Image) -> Image:
    height, width = image.shape[:2]
    border = (height // 8, height // 8, width // 6, width // 6)
    return np.asarray(cv2.copyMakeBorder(image, *border, cv2.BORDER_CONSTANT), np.uint8)


def tone(image: Image) -> Image:
    return np.clip(255 * (image / 255.0) ** 1.6 * 1.1, 0, 255).astype(np.uint8)


def _cut(image: Image, part: float, left: float, top: float) -> Image:
    height, width = image.shape[:2]
    x, y = int(width * left), int(height * top)
    return image[y : y + int(height * part), x : x + int(width * part)]


PERTURBATIONS: tuple[Perturbation, ...] = (
    plain,
    crop_half,
    crop_quarter,
    page,
    mirror,
    caption,
    logo,
    jpeg25,
    blur,
    rotate,
    screen,
    grey,
    windowbox,
    tone,
)
