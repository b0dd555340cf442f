"""Edits that put something onto the picture or around it: white fields with text, and stickers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import PIL.Image
import PIL.ImageDraw

from bench.retrieval.perturbations.lettering import font, line, words
from cbvir_core.types import Image


def captions(image: Image, rng: np.random.Generator) -> Image:
    """Add fields with one or two lines of text above and below; usually black on white."""
    picture = PIL.Image.fromarray(image)
    size = max(14, round(0.085 * picture.height))
    above, below = (int(lines) for lines in rng.integers(1, 3, 2))
    paper, ink = ((255, 255, 255), (0, 0, 0)) if rng.random() < 0.75 else ((0, 0, 0), (255, 255, 255))
    top = _field_height(above, size)
    sheet = PIL.Image.new("RGB", (picture.width, top + picture.height + _field_height(below, size)), paper)
    sheet.paste(picture, (0, top))
    draw = PIL.ImageDraw.Draw(sheet)
    for first, lines in ((0.0, above), (float(top + picture.height), below)):
        for place in range(lines):
            at = (picture.width / 2, first + (0.95 + 1.3 * place) * size)
            draw.text(at, line(rng, size, 0.92 * picture.width), ink, font(size), anchor="mm")
    return np.asarray(sheet, np.uint8)


def _field_height(lines: int, size: int) -> int:
    return round((1.3 * lines + 0.6) * size)


def stickers(image: Image, rng: np.random.Generator) -> Image:
    """Stick three to six faces, hearts, stars and bubbles on, each 12 to 24 % of the height, turned."""
    picture = PIL.Image.fromarray(image).convert("RGBA")
    for _ in range(int(rng.integers(3, 7))):
        side = round(picture.height * rng.uniform(0.12, 0.24))
        kind = STICKERS[int(rng.integers(len(STICKERS)))]
        mark = PIL.Image.new("RGBA", (4 * side, 4 * side), (0, 0, 0, 0))  # drawn large, for smooth edges
        kind(PIL.ImageDraw.Draw(mark), 4 * side, rng)
        small = mark.resize((side, side), PIL.Image.Resampling.LANCZOS)
        small = small.rotate(rng.uniform(-25, 25), PIL.Image.Resampling.BICUBIC, expand=True)
        left = int(rng.integers(max(1, picture.width - small.width)))
        top = int(rng.integers(max(1, picture.height - small.height)))
        picture.alpha_composite(small, (left, top))
    return np.asarray(picture.convert("RGB"), np.uint8)


def _face(draw: PIL.ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    draw.ellipse((0, 0, side - 1, side - 1), (255, 204, 60), (214, 150, 20), side // 40)
    eye, high = 0.08 * side, 0.36 * side
    for middle in (0.33 * side, 0.67 * side):
        draw.ellipse((middle - eye, high - 1.3 * eye, middle + eye, high + 1.3 * eye), (70, 45, 10))
    mouth = (0.24 * side, 0.36 * side, 0.76 * side, 0.82 * side)
    if rng.random() < 0.5:
        draw.chord(mouth, 0, 180, (120, 40, 20))
    else:
        draw.arc(mouth, 10, 170, (90, 50, 10), side // 18)


def _heart(draw: PIL.ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    turn = np.linspace(0, 2 * np.pi, 120)
    x = 0.5 + np.sin(turn) ** 3 / 2.1
    y = 0.47 - (13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)) / 34
    draw.polygon([(float(a * side), float(b * side)) for a, b in zip(x, y, strict=True)], (228, 40, 62))


def _star(draw: PIL.ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    turn = np.pi * np.arange(10) / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2 == 0, 0.49, 0.21)
    corners = zip(0.5 + reach * np.cos(turn), 0.52 + reach * np.sin(turn), strict=True)
    draw.polygon([(float(a * side), float(b * side)) for a, b in corners], (255, 220, 40), (220, 160, 0))


def _bubble(draw: PIL.ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    draw.polygon(
        [(0.2 * side, 0.6 * side), (0.5 * side, 0.6 * side), (0.12 * side, 0.98 * side)], (255, 255, 255)
    )
    draw.ellipse((0, 0.08 * side, side - 1, 0.75 * side), (255, 255, 255))
    size = side // 4
    text = f"{words(rng, 1)[:5]}!"
    draw.text((side / 2, 0.41 * side), text, (20, 20, 20), font(size), anchor="mm")


STICKERS: tuple[Callable[[PIL.ImageDraw.ImageDraw, int, np.random.Generator], None], ...] = (
    _face,
    _heart,
    _star,
    _bubble,
)
"""What draws one sticker into a square of this side."""
