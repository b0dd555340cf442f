"""Edits that put several frames into one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw

from bench.retrieval.perturbations.lettering import font
from cbvir_core.types import Image

COLLAGE_CELL = (640, 480)
SHEET_CELL, SHEET_SIDE = (320, 180), 3
"""Width and height of a picture in a contact sheet, and pictures in a row and in a column of it."""


def collage(images: Sequence[Image], rng: np.random.Generator) -> Image:
    """Put two frames side by side or one above the other, each cut to 4 : 3, with a gap or without."""
    width, height = COLLAGE_CELL
    gap = int(rng.choice([0, 8, 16]))
    beside = rng.random() < 0.5
    size = (2 * width + gap, height) if beside else (width, 2 * height + gap)
    level = int(rng.choice([0, 255]))
    sheet = PIL.Image.new("RGB", size, (level, level, level))
    for number, image in enumerate(images):
        at = (number * (width + gap), 0) if beside else (0, number * (height + gap))
        sheet.paste(_filling(image, width, height), at)
    return np.asarray(sheet, np.uint8)


def contact_sheet(images: Sequence[Image], rng: np.random.Generator) -> Image:
    """Put nine frames in a grid with margins, half of the sheets with a time below each frame."""
    width, height = SHEET_CELL
    margin, label = int(rng.integers(4, 16)), 22 if rng.random() < 0.5 else 0
    step = (width + margin, height + margin + label)
    level = int(rng.choice([16, 128, 250]))
    size = (SHEET_SIDE * step[0] + margin, SHEET_SIDE * step[1] + margin)
    sheet = PIL.Image.new("RGB", size, (level, level, level))
    draw = PIL.ImageDraw.Draw(sheet)
    for number, image in enumerate(images):
        left, top = margin + number % SHEET_SIDE * step[0], margin + number // SHEET_SIDE * step[1]
        sheet.paste(_filling(image, width, height), (left, top))
        if label:
            ink = (240, 240, 240) if level < 200 else (30, 30, 30)
            clock = f"00:{rng.integers(60):02d}:{rng.integers(60):02d}"
            draw.text((left + width / 2, top + height + label / 2), clock, ink, font(15), anchor="mm")
    return np.asarray(sheet, np.uint8)


def _filling(image: Image, width: int, height: int) -> PIL.Image.Image:
    """Scale a frame until it fills the cell; what does not fit is cut off evenly."""
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    scaled = PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=2.0)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return scaled.crop((left, top, left + width, top + height))
