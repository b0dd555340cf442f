"""Edits that print the picture: with halftone dots in a newspaper, and as an old photograph on paper."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from bench.retrieval.perturbations.quality import clipped, from_middle, saved, shrunk
from cbvir_core.types import Image

Light = npt.NDArray[np.float32]
"""One channel, H x W, in [0, 1]."""

PRINT_SIDE, PRINT_DOTS = 900, (110, 170)
"""Longer side of the scan in pixels, and fewest and most dots along it:
85 dots an inch on one or two columns."""

SCREEN_DEGREES = (15.0, 75.0, 0.0, 45.0)
"""Angles of the screens of cyan, magenta, yellow and black, as printers set them."""


def halftone(image: Image, rng: np.random.Generator) -> Image:
    """Print in dots, half of them in black alone, and scan it: yellowish paper, soft, JPEG."""
    picture = np.asarray(shrunk(image, PRINT_SIDE) / 255, np.float32)
    pitch = PRINT_SIDE / rng.uniform(*PRINT_DOTS)
    paper = np.array([0.96, 0.94, 0.88], np.float32) * np.float32(rng.uniform(0.92, 1.0))
    if rng.random() < 0.5:
        grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
        ink = _dots(1 - grey, pitch, SCREEN_DEGREES[3])[..., None]
        light = paper * (1 - np.float32(0.9) * ink)
    else:
        light = np.broadcast_to(paper, picture.shape).copy()
        for channel, degrees in enumerate(SCREEN_DEGREES[:3]):
            light[..., channel] *= 1 - np.float32(0.85) * _dots(1 - picture[..., channel], pitch, degrees)
    soft = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.7, 1.2)))
    grain = rng.standard_normal(soft.shape[:2], np.float32)[..., None] * np.float32(0.012)
    return saved(clipped(255 * (soft + grain)), int(rng.integers(70, 90)))


def _dots(ink: Light, pitch: float, degrees: float) -> Light:
    """Return where ink is printed: round dots on a turned grid that cover as much as the ink asks for."""
    rows, columns = ink.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    angle = np.deg2rad(degrees)
    across = (x * np.cos(angle) + y * np.sin(angle)) * np.float32(2 * np.pi / pitch)
    along = (y * np.cos(angle) - x * np.sin(angle)) * np.float32(2 * np.pi / pitch)
    wave = (np.cos(across) + np.cos(along)) / 4 + np.float32(0.5)  # 1 in the middles of dots
    threshold = np.argsort(np.argsort(wave, axis=None, kind="stable"), kind="stable").reshape(ink.shape)
    even = (threshold / np.float32(threshold.size)).astype(
        np.float32
    )  # so that a share s of it is above 1 - s
    return np.asarray(np.clip((even - (1 - ink)) * 6 + np.float32(0.5), 0, 1), np.float32)


def sepia_print(image: Image, rng: np.random.Generator) -> Image:
    """Make an old print: brown and faded, with a border, grain, scratches and stains, slightly turned."""
    picture = shrunk(image, PRINT_SIDE)
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] / 255.0
    rows, columns = light.shape[:2]
    faded = rng.uniform(0.12, 0.25) + rng.uniform(0.60, 0.72) * light
    faded = faded * (1 - rng.uniform(0.1, 0.3) * from_middle(rows, columns)[..., None] ** 2)
    brown = 255 * faded ** np.array([0.70, 0.95, 1.35])
    brown += rng.standard_normal((rows, columns, 1)) * rng.uniform(4, 9)
    edge = round(rng.uniform(0.03, 0.07) * columns)
    paper = (232, 222, 200)
    framed = cv2.copyMakeBorder(clipped(brown), edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=paper)
    _scratch(framed, rng)
    turn = cv2.getRotationMatrix2D((framed.shape[1] / 2, framed.shape[0] / 2), rng.uniform(-2, 2), 1.0)
    size = (framed.shape[1], framed.shape[0])
    lying = cv2.warpAffine(framed, turn, size, flags=cv2.INTER_LINEAR, borderValue=(70, 58, 48))
    return saved(np.asarray(lying, np.uint8), int(rng.integers(70, 90)))


def _scratch(print_: Image, rng: np.random.Generator) -> None:
    """Draw light scratches over the print, and brown stains."""
    rows, columns = print_.shape[:2]
    for _ in range(int(rng.integers(3, 9))):
        start = rng.integers(0, (columns, rows))
        end = start + rng.integers(-columns // 4, columns // 4, 2)
        cv2.line(print_, start.tolist(), end.tolist(), (225, 214, 190), 1, cv2.LINE_AA)
    stains = np.zeros((rows, columns), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        middle = (int(rng.integers(columns)), int(rng.integers(rows)))
        cv2.circle(stains, middle, int(rng.integers(columns // 30, columns // 9)), 1.0, -1)
    strength = cv2.GaussianBlur(stains, (0, 0), 9.0)[..., None] * np.float32(rng.uniform(0.08, 0.22))
    print_[:] = clipped(print_ * (1 - strength * np.array([0.6, 0.8, 1.0])))
