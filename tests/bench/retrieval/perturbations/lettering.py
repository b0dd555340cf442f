"""Meaningless words in the font that comes with Pillow."""

from __future__ import annotations

import functools

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

_SYLLABLES = (
    "ka",
    "lo",
    "mer",
    "tin",
    "sa",
    "vo",
    "ri",
    "den",
    "pul",
    "est",
    "har",
    "nom",
    "bi",
    "que",
    "jos",
    "ant",
)

Colour = tuple[int, int, int]


@functools.lru_cache
def font(size: int) -> PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont:
    """Return the font at this height in pixels."""
    return PIL.ImageFont.load_default(size)


def words(rng: np.random.Generator, count: int) -> str:
    """Return made-up words, the first with a capital letter."""
    made = ("".join(rng.choice(_SYLLABLES, rng.integers(1, 4))) for _ in range(count))
    return " ".join(made).capitalize()


def line(rng: np.random.Generator, size: int, width: float) -> str:
    """Return as many words as fit into the width."""
    text = words(rng, max(2, int(width / (1.5 * size))))
    while text.count(" ") and font(size).getlength(text) > width:
        text = text.rpartition(" ")[0]
    return text


def paragraph(
    draw: PIL.ImageDraw.ImageDraw,
    rng: np.random.Generator,
    box: tuple[int, int, int, int],
    size: int,
    colour: Colour,
) -> None:
    """Fill a box (left, top, right, bottom) with lines of words."""
    left, top, right, bottom = box
    for y in range(top, bottom - size, round(1.45 * size)):
        draw.text((left, y), line(rng, size, right - left), colour, font(size))
