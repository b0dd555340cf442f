"""The picture on a monitor, photographed with a phone."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from bench.retrieval.perturbations.framing import corners
from bench.retrieval.perturbations.quality import clipped, from_middle, saved
from cbvir_core.types import Image

Light = npt.NDArray[np.float32]
"""Linear light, H x W x 3, 1 for white."""

PHOTO_WIDTH, PHOTO_HEIGHT = 800, 600
BEZEL_SHARE = 0.035


def photograph(image: Image, rng: np.random.Generator) -> Image:
    """Photograph a monitor in a dim room at a slant: grid, moire, glare of a lamp, blur, noise, JPEG."""
    shown = _with_bezel(image)
    light = _room(rng)
    place = _place(shown, rng)
    matrix = cv2.getPerspectiveTransform(corners(shown.shape[1], shown.shape[0]), place)
    photographed = cv2.warpPerspective(shown, matrix, (PHOTO_WIDTH, PHOTO_HEIGHT), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones(shown.shape[:2], np.float32), matrix, (PHOTO_WIDTH, PHOTO_HEIGHT))[
        ..., None
    ]
    screen = (photographed / np.float32(255)) ** np.float32(2.2) * _moire(rng)
    light = light * (1 - mask) + (screen * np.float32(rng.uniform(0.6, 1.0)) + _glare(rng)) * mask
    light = light * (
        1 - np.float32(0.4) * from_middle(PHOTO_HEIGHT, PHOTO_WIDTH)[..., None].astype(np.float32) ** 2
    )
    soft = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.6, 1.3)))
    seen = 255 * np.clip(soft, 0, 1) ** (1 / 2.2)
    grain = rng.standard_normal(seen.shape, np.float32) * np.float32(rng.uniform(2, 6))
    return saved(clipped(seen + grain), int(rng.integers(60, 85)))


def _with_bezel(image: Image) -> Image:
    """Return the picture on a monitor of the same shape, with black plastic around it."""
    edge = round(BEZEL_SHARE * max(image.shape[:2]))
    black = [22, 22, 24]
    framed = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=black)
    return np.asarray(framed, np.uint8)


def _room(rng: np.random.Generator) -> Light:
    """Return a wall that is lit from one side, with a desk below."""
    wall = rng.uniform(0.05, 0.25, 3) * 0.5 + rng.uniform(0.03, 0.15)
    across = np.linspace(rng.uniform(0.4, 1), rng.uniform(0.4, 1), PHOTO_WIDTH)[None, :, None]
    room = np.broadcast_to(wall * across, (PHOTO_HEIGHT, PHOTO_WIDTH, 3)).astype(np.float32)
    desk = round(PHOTO_HEIGHT * rng.uniform(0.8, 0.95))
    room[desk:] *= rng.uniform(0.3, 0.7, 3).astype(np.float32)
    return room


def _place(shown: Image, rng: np.random.Generator) -> Light:
    """Return the corners of the monitor in the photograph: 72 to 98 % of what fits, moved and slanted."""
    scale = rng.uniform(0.72, 0.98) * min(PHOTO_WIDTH / shown.shape[1], PHOTO_HEIGHT / shown.shape[0])
    width, height = scale * shown.shape[1], scale * shown.shape[0]
    left, top = rng.uniform(0, PHOTO_WIDTH - width), rng.uniform(0, PHOTO_HEIGHT - height)
    slant = rng.uniform(-0.06, 0.06, (4, 2)) * (width, height)
    return np.asarray(np.add(corners(width, height), (left, top)) + slant, np.float32)


def _moire(rng: np.random.Generator) -> Light:
    """Return moire: bands where monitor and sensor pixels interfere, bent by the slant, per colour."""
    y, x = np.mgrid[0:PHOTO_HEIGHT, 0:PHOTO_WIDTH].astype(np.float32)
    bands = np.ones((PHOTO_HEIGHT, PHOTO_WIDTH, 3), np.float32)
    for _ in range(2):
        period, angle = rng.uniform(7, 32), rng.uniform(0, np.pi)
        bend = rng.uniform(-1, 1, 3) * 2e-5
        along = (x * np.cos(angle) + y * np.sin(angle)) / period
        bent = bend[0] * x * x + bend[1] * x * y + bend[2] * y * y
        strength = rng.uniform(0.08, 0.2)
        for channel, phase in enumerate(rng.uniform(0, 0.5) * np.arange(3)):
            bands[..., channel] += strength * np.sin(2 * np.pi * (along + 8 * bent + phase)).astype(
                np.float32
            )
    lines = 1 + 0.08 * np.sin(2 * np.pi * y / rng.uniform(2.1, 3.2))
    return np.asarray(np.maximum(bands, 0) * lines[..., None], np.float32)


def _glare(rng: np.random.Generator) -> Light:
    """Return reflections: a veil everywhere, and the soft spot of a lamp or the bright field of a window."""
    field = np.zeros((PHOTO_HEIGHT, PHOTO_WIDTH), np.float32)
    middle = (int(rng.integers(PHOTO_WIDTH)), int(rng.integers(PHOTO_HEIGHT)))
    size = (int(rng.integers(40, 150)), int(rng.integers(30, 110)))
    if rng.random() < 0.6:
        cv2.ellipse(field, middle, size, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    else:
        box = cv2.boxPoints((middle, size, float(rng.uniform(-20, 20))))
        cv2.fillConvexPoly(field, np.rint(box).astype(np.int32), 1.0)
    field = cv2.GaussianBlur(field, (0, 0), float(rng.uniform(12, 40)))
    colour = np.array([1.0, rng.uniform(0.85, 1), rng.uniform(0.7, 1)], np.float32)
    strength = np.float32(rng.uniform(0.25, 0.8))
    return np.asarray(np.float32(rng.uniform(0.01, 0.04)) + strength * field[..., None] * colour, np.float32)
