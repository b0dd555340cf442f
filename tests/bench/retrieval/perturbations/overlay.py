"""Perturbations that draw something over the picture."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw

from bench.retrieval.perturbations.lettering import font, line, words
from cbvir_core.types import Image


def caption(image: Image, rng: np.random.Generator) -> Image:
    """Add a subtitle, a news banner over the lower part, or the white field of a meme above."""
    make = [_subtitle, _banner, _meme][rng.integers(3)]
    return np.asarray(make(PIL.Image.fromarray(image), rng), np.uint8)


def _subtitle(picture: PIL.Image.Image, rng: np.random.Generator) -> PIL.Image.Image:
    size = max(12, round(0.075 * picture.height))
    draw = PIL.ImageDraw.Draw(picture)
    for place in range(int(rng.integers(1, 3))):
        text = line(rng, size, 0.8 * picture.width)
        at = (picture.width / 2, picture.height - (1.3 * place + 0.9) * size)
        draw.text(at, text, (250, 245, 200), font(size), anchor="mm", stroke_width=2, stroke_fill=(0, 0, 0))
    return picture


def _banner(picture: PIL.Image.Image, rng: np.random.Generator) -> PIL.Image.Image:
    """Draw a strip of 16 to 26 % of the height, with a coloured field at its left."""
    height = round(picture.height * rng.uniform(0.16, 0.26))
    top = picture.height - height - round(picture.height * rng.uniform(0.0, 0.06))
    colour = tuple(int(value) for value in rng.integers(20, 200, 3))
    draw = PIL.ImageDraw.Draw(picture)
    draw.rectangle((0, top, picture.width, top + height), (245, 245, 245))
    draw.rectangle((0, top, round(0.22 * picture.width), top + height), colour)
    large, small = max(10, round(0.42 * height)), max(8, round(0.26 * height))
    left, room = 0.25 * picture.width, 0.72 * picture.width
    draw.text((left, top + 0.08 * height), line(rng, large, room), (20, 20, 24), font(large))
    draw.text((left, top + 0.60 * height), line(rng, small, room), (70, 70, 76), font(small))
    draw.text(
        (8, top + 0.3 * height), line(rng, small, 0.2 * picture.width).upper(), (255, 255, 255), font(small)
    )
    return picture


def _meme(picture: PIL.Image.Image, rng: np.random.Generator) -> PIL.Image.Image:
    size = max(14, round(0.08 * picture.height))
    lines = int(rng.integers(1, 3))
    field = round((1.35 * lines + 0.6) * size)
    sheet = PIL.Image.new("RGB", (picture.width, picture.height + field), (255, 255, 255))
    sheet.paste(picture, (0, field))
    draw = PIL.ImageDraw.Draw(sheet)
    for place in range(lines):
        draw.text(
            (10, (0.3 + 1.35 * place) * size), line(rng, size, picture.width - 20), (0, 0, 0), font(size)
        )
    return sheet


def logo(image: Image, rng: np.random.Generator) -> Image:
    """Draw the logo of a channel in a corner, opaque or half transparent, 12 to 26 % of the width."""
    picture = PIL.Image.fromarray(image).convert("RGBA")
    width = max(24, round(picture.width * rng.uniform(0.12, 0.26)))
    mark = _mark(width, rng)
    margin = round(0.04 * picture.width)
    right, low = rng.random(2) < 0.5
    left = picture.width - mark.width - margin if right else margin
    top = picture.height - mark.height - margin if low else margin
    picture.alpha_composite(mark, (max(0, left), max(0, top)))
    return np.asarray(picture.convert("RGB"), np.uint8)


def _mark(width: int, rng: np.random.Generator) -> PIL.Image.Image:
    height = round(width * rng.uniform(0.35, 0.6))
    opacity = int(rng.integers(130, 256))
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    mark = PIL.Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = PIL.ImageDraw.Draw(mark)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), height // 4, (red, green, blue, opacity))
    draw.ellipse(
        (0.06 * width, 0.2 * height, 0.06 * width + 0.6 * height, 0.8 * height), (255, 255, 255, opacity)
    )
    left = 0.12 * width + 0.6 * height
    text, size = words(rng, 1)[:4].upper(), max(8, round(0.42 * height))
    size = max(6, min(size, int(size * (0.94 * width - left) / font(size).getlength(text))))
    draw.text((left, height / 2), text, (255, 255, 255, opacity), font(size), anchor="lm")
    return mark
