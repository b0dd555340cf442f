"""Screenshots: the picture in a web page or in the window of a player."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw

from bench.retrieval.perturbations.lettering import Colour, font, line, paragraph, words
from cbvir_core.types import Image

PAGE_WIDTH, DESKTOP_WIDTH = 1000, 1120


def page(image: Image, rng: np.random.Generator) -> Image:
    """Show the picture in an article, light or dark, half as wide as the page or more."""
    dark = rng.random() < 0.3
    paper, ink, link = ((24, 26, 30), (215, 215, 215), (120, 170, 250)) if dark else _LIGHT
    column = round(PAGE_WIDTH * rng.uniform(0.50, 0.72))
    picture = _fitted(image, column, 560)
    height = round(rng.uniform(0.70, 0.85) * PAGE_WIDTH) + max(0, picture.height - 330)
    sheet = PIL.Image.new("RGB", (PAGE_WIDTH, height), paper)
    draw = PIL.ImageDraw.Draw(sheet)
    _site_bar(draw, rng, link)
    left, right = 40, 40 + column
    draw.text((left, 96), line(rng, 34, column), ink, font(34))
    draw.text(
        (left, 142), f"{words(rng, 2)}  ·  {rng.integers(1, 29)}.{rng.integers(1, 13)}.", link, font(15)
    )
    lead = 176 + int(rng.integers(0, 3)) * 24
    paragraph(draw, rng, (left, 172, right, lead), 16, ink)
    sheet.paste(picture, (left + (column - picture.width) // 2, lead))
    below = lead + picture.height + 8
    draw.text((left, below), line(rng, 13, 0.7 * column), link, font(13))
    paragraph(draw, rng, (left, below + 28, right, height), 16, ink)
    _links(sheet, draw, rng, right + 36, link)
    return np.asarray(sheet, np.uint8)


_LIGHT: tuple[Colour, Colour, Colour] = (250, 250, 248), (30, 30, 32), (30, 80, 170)


def _site_bar(draw: PIL.ImageDraw.ImageDraw, rng: np.random.Generator, link: Colour) -> None:
    bar = _any_colour(rng, 60, 200)
    draw.rectangle((0, 0, PAGE_WIDTH, 62), bar)
    draw.text((40, 14), words(rng, 1).upper(), (255, 255, 255), font(30))
    for place in range(4):
        draw.text((420 + 140 * place, 24), words(rng, 1), (240, 240, 240), font(16))


def _links(
    sheet: PIL.Image.Image,
    draw: PIL.ImageDraw.ImageDraw,
    rng: np.random.Generator,
    left: int,
    link: Colour,
) -> None:
    """Draw the column beside the article: small coloured boxes with a title each."""
    width = PAGE_WIDTH - 30 - left
    for top in range(96, sheet.height - 120, 170):
        draw.rectangle((left, top, left + width, top + 90), _any_colour(rng, 90, 220))
        paragraph(draw, rng, (left, top + 98, left + width, top + 150), 14, link)


def player(image: Image, rng: np.random.Generator) -> Image:
    """Show the picture in a player on a desktop, 62 to 85 % as wide as the screen, with controls."""
    picture = _fitted(image, round(DESKTOP_WIDTH * rng.uniform(0.62, 0.85)), 640)
    title, controls = 34, 52
    width, height = max(picture.width, 420), picture.height + title + controls
    desktop = _wallpaper(DESKTOP_WIDTH, max(height + 60, 630), rng)
    draw = PIL.ImageDraw.Draw(desktop)
    left = int(rng.integers(10, DESKTOP_WIDTH - width - 9))
    top = int(rng.integers(10, desktop.height - height - 39))
    draw.rectangle((left - 1, top - 1, left + width, top + height), (12, 12, 12))
    draw.rectangle((left, top, left + width - 1, top + title), (58, 60, 64))
    draw.text((left + 14, top + 8), f"{words(rng, 2)}.mp4 - Player", (225, 225, 225), font(15))
    for place, colour in enumerate([(236, 106, 94), (244, 191, 80), (98, 197, 84)]):
        draw.ellipse(
            (left + width - 28 - 24 * place, top + 10, left + width - 14 - 24 * place, top + 24), colour
        )
    desktop.paste(picture, (left + (width - picture.width) // 2, top + title))
    _controls(draw, rng, (left, top + title + picture.height, width, controls))
    draw.rectangle((0, desktop.height - 30, DESKTOP_WIDTH, desktop.height), (32, 34, 38))
    draw.text((14, desktop.height - 24), words(rng, 1), (220, 220, 220), font(15))
    return np.asarray(desktop, np.uint8)


def _controls(
    draw: PIL.ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    left, top, width, height = box
    draw.rectangle((left, top, left + width - 1, top + height), (38, 40, 43))
    middle, played = top + height // 2, rng.uniform(0.05, 0.95)
    draw.polygon([(left + 16, middle - 9), (left + 16, middle + 9), (left + 32, middle)], (235, 235, 235))
    begin, end = left + 48, left + width - 120
    at = round(begin + played * (end - begin))
    draw.rectangle((begin, middle - 2, end, middle + 2), (96, 98, 102))
    draw.rectangle((begin, middle - 2, at, middle + 2), (230, 90, 50))
    draw.ellipse((at - 6, middle - 6, at + 6, middle + 6), (245, 245, 245))
    clock = f"{int(60 * played):02d}:{rng.integers(60):02d} / 60:00"
    draw.text((end + 14, middle - 8), clock, (220, 220, 220), font(14))


def _wallpaper(width: int, height: int, rng: np.random.Generator) -> PIL.Image.Image:
    """Return a gradient between two colours."""
    first, second = (np.array(_any_colour(rng, 20, 170), np.float64) for _ in range(2))
    slope = np.add.outer(np.linspace(0, 1, height), np.linspace(0, 1, width))[..., None] / 2
    return PIL.Image.fromarray(np.rint(first * (1 - slope) + second * slope).astype(np.uint8))


def _fitted(image: Image, width: int, height: int) -> PIL.Image.Image:
    """Scale to the width, or to the height where the picture would be taller."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=2.0)


def _any_colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue
