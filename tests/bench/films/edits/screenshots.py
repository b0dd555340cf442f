"""Edits that show the picture on a screen: in the chat of a phone, and in a browser window."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw

from bench.retrieval.perturbations.lettering import Colour, font, line, paragraph, words
from cbvir_core.types import Image

PHONE_SIZE = (720, 1480)
BROWSER_SIZE = (1366, 768)

Theme = tuple[Colour, Colour, Colour, Colour]
"""Colours of the ground, of messages received and sent, and of the text."""

CHAT_THEMES: tuple[Theme, ...] = (
    ((236, 229, 221), (255, 255, 255), (220, 248, 198), (20, 20, 20)),
    ((255, 255, 255), (232, 232, 236), (30, 130, 250), (16, 16, 18)),
    ((14, 20, 27), (32, 44, 52), (0, 92, 75), (233, 237, 239)),
)


def chat(image: Image, rng: np.random.Generator) -> Image:
    """Show the picture in a chat on a phone, 70 to 82 % as wide as the screen, among messages."""
    width, height = PHONE_SIZE
    ground, received, sent, ink = CHAT_THEMES[int(rng.integers(len(CHAT_THEMES)))]
    sheet = PIL.Image.new("RGB", PHONE_SIZE, ground)
    draw = PIL.ImageDraw.Draw(sheet)
    top = 150 + _messages(draw, rng, 170, int(rng.integers(2, 5)), (received, sent, ink))
    shown = _rounded(_to_width(image, round(width * rng.uniform(0.70, 0.82))), 22)
    own = rng.random() < 0.5
    left = width - shown.width - 24 if own else 24
    box = (left - 8, top - 8, left + shown.width + 8, top + shown.height + 50)
    draw.rounded_rectangle(box, 26, sent if own else received)
    sheet.paste(shown, (left, top), shown)
    clock = f"{rng.integers(24):02d}:{rng.integers(60):02d}"
    draw.text((box[2] - 18, box[3] - 12), clock, (130, 130, 134), font(20), anchor="rs")
    below = top + shown.height + 80
    while below < height - 180:
        below += _messages(draw, rng, below, 1, (received, sent, ink))
    _phone_bars(draw, rng, clock)
    return np.asarray(sheet, np.uint8)


def _messages(
    draw: PIL.ImageDraw.ImageDraw,
    rng: np.random.Generator,
    top: int,
    count: int,
    colours: tuple[Colour, Colour, Colour],
) -> int:
    """Draw messages below each other; return their height together."""
    received, sent, ink = colours
    start = top
    for _ in range(count):
        text = line(rng, 30, rng.uniform(160, 430))
        wide = round(font(30).getlength(text)) + 44
        own = rng.random() < 0.5
        left = PHONE_SIZE[0] - wide - 24 if own else 24
        draw.rounded_rectangle((left, top, left + wide, top + 66), 24, sent if own else received)
        draw.text((left + 22, top + 33), text, ink, font(30), anchor="lm")
        top += 66 + int(rng.integers(12, 30))
    return top - start


def _phone_bars(draw: PIL.ImageDraw.ImageDraw, rng: np.random.Generator, clock: str) -> None:
    """Draw the status line and the name of the chat above, and the field for a new message below."""
    width, height = PHONE_SIZE
    bar = _any_colour(rng, 20, 120)
    draw.rectangle((0, 0, width, 150), bar)
    draw.text((28, 26), clock, (245, 245, 245), font(24), anchor="lm")
    draw.rectangle((width - 70, 16, width - 28, 36), (245, 245, 245))
    draw.ellipse((70, 62, 138, 130), _any_colour(rng, 90, 220))
    draw.text((160, 96), words(rng, 2), (250, 250, 250), font(34), anchor="lm")
    draw.rectangle((0, height - 130, width, height), (242, 242, 244))
    draw.rounded_rectangle((24, height - 112, width - 110, height - 34), 38, (255, 255, 255))
    draw.text((56, height - 73), "Message", (150, 150, 154), font(28), anchor="lm")
    draw.ellipse((width - 92, height - 110, width - 18, height - 36), bar)


def browser(image: Image, rng: np.random.Generator) -> Image:
    """Show the picture in a feed in a browser window, 34 to 46 % as wide as the screen."""
    width, height = BROWSER_SIZE
    sheet = PIL.Image.new("RGB", BROWSER_SIZE, (240, 242, 245))
    draw = PIL.ImageDraw.Draw(sheet)
    column = round(width * rng.uniform(0.34, 0.46))
    left, top = (width - column) // 2, 96 + int(rng.integers(0, 50))
    shown = _to_width(image, column)
    draw.rectangle((left, top, left + column, height), (255, 255, 255))
    draw.ellipse((left + 14, top + 12, left + 54, top + 52), _any_colour(rng, 60, 220))
    draw.text((left + 66, top + 14), words(rng, 2), (20, 20, 24), font(17))
    draw.text((left + 66, top + 36), f"{rng.integers(2, 59)} min", (110, 112, 118), font(13))
    draw.text((left + 14, top + 64), line(rng, 17, column - 28), (28, 28, 32), font(17))
    under = top + 94 + shown.height
    sheet.paste(shown, (left, top + 94))
    draw.text((left + 14, under + 10), line(rng, 15, 0.6 * column), (100, 102, 108), font(15))
    paragraph(draw, rng, (left + 14, under + 44, left + column - 14, height), 16, (40, 40, 44))
    _side_columns(sheet, draw, rng, (left - 30, left + column + 30))
    _browser_bars(draw, rng)
    return np.asarray(sheet, np.uint8)


def _side_columns(
    sheet: PIL.Image.Image, draw: PIL.ImageDraw.ImageDraw, rng: np.random.Generator, edges: tuple[int, int]
) -> None:
    """Draw the menu left of `edges`, and boxes with a title each right of them."""
    for place in range(9):
        y = 110 + 52 * place
        draw.rounded_rectangle((40, y, 72, y + 32), 8, _any_colour(rng, 80, 220))
        draw.text((86, y + 16), words(rng, 1), (50, 52, 58), font(16), anchor="lm")
    for top in range(110, sheet.height - 100, 190):
        draw.rounded_rectangle((edges[1], top, sheet.width - 40, top + 100), 8, _any_colour(rng, 90, 225))
        paragraph(draw, rng, (edges[1], top + 110, sheet.width - 40, top + 165), 14, (50, 52, 58))


def _browser_bars(draw: PIL.ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    width = BROWSER_SIZE[0]
    draw.rectangle((0, 0, width, 84), (222, 225, 230))
    for place in range(3):
        left = 12 + 220 * place
        draw.rounded_rectangle(
            (left, 8, left + 212, 50), 10, (255, 255, 255) if place == 0 else (205, 209, 216)
        )
        draw.text((left + 16, 24), words(rng, 2)[:20], (50, 52, 58), font(14), anchor="lm")
    draw.rectangle((0, 40, width, 84), (255, 255, 255))
    draw.rounded_rectangle((130, 46, width - 120, 78), 16, (236, 238, 242))
    address = f"https://{words(rng, 1).lower()}.example/{words(rng, 1).lower()}"
    draw.text((150, 62), address, (70, 72, 78), font(15), anchor="lm")


def _to_width(image: Image, width: int) -> PIL.Image.Image:
    size = (width, round(image.shape[0] * width / image.shape[1]))
    return PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=2.0)


def _rounded(picture: PIL.Image.Image, radius: int) -> PIL.Image.Image:
    """Return the picture with round corners, transparent outside."""
    mask = PIL.Image.new("L", picture.size, 0)
    PIL.ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), radius, 255)
    rounded = picture.convert("RGBA")
    rounded.putalpha(mask)
    return rounded


def _any_colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue
