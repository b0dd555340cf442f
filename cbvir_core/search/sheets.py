"""Sheets of paper with pictures and words on them, drawn for people."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from cbvir_core.types import Image

MARGIN = 16
"""Pixels around each picture."""

TEXT_HEIGHT, LINE_SPACING = 22, 10
TEXT_WEIGHT = 500
"""Weight of the font, from 100 to 900.  Without it the same font came out bold in one place and thin in
another."""

PAPER_COLOUR, TEXT_COLOUR = (250, 250, 247), (30, 30, 30)
HAIRLINE_COLOUR = (200, 200, 195)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture, and the words above it."""

    image: Image = field(repr=False)
    label: str


def blank_sheet(width: int, height: int) -> Image:
    """Return an empty sheet, RGB."""
    return np.full((height, width, 3), PAPER_COLOUR, np.uint8)


def paste(sheet: Image, image: Image, x: int, y: int) -> None:
    """Put a picture on a sheet with a hairline around it; `x`, `y` is its upper left corner, 1 at least."""
    bottom, right = y + image.shape[0], x + image.shape[1]
    sheet[y - 1 : bottom + 1, x - 1 : right + 1] = HAIRLINE_COLOUR
    sheet[y:bottom, x:right] = image


def write_lines(sheet: Image, lines: list[str], y: int) -> None:
    """Write lines one below the other, from the margin at the left and `y` pixels from above."""
    for number, line in enumerate(lines):
        write(sheet, line, MARGIN, y + number * (TEXT_HEIGHT + LINE_SPACING) + TEXT_HEIGHT)


def wrapped(text: str, max_width: int) -> list[str]:
    """Break a text between words into lines of at most `max_width` pixels; at least one line."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and _width(longer) > max_width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [shortened(line, max_width) for line in lines]


def shortened(text: str, max_width: int) -> str:
    """Return a line of at most `max_width` pixels: one that is longer loses its middle."""
    shown, removed = text, 0
    while _width(shown) > max_width and removed < len(text) - 2:
        removed += 1
        half = (len(text) - removed) // 2
        shown = f"{text[:half]}…{text[len(text) - half :]}"
    return shown


def _width(text: str) -> int:
    font = cv2.FontFace("sans")
    _, _, width, _ = cv2.getTextSize((1, 1), _printable(text), (0, 0), font, TEXT_HEIGHT, TEXT_WEIGHT)
    return int(width)


def write(sheet: Image, text: str, x: int, y: int) -> None:
    """Write a line in any script."""
    font = cv2.FontFace("sans")
    cv2.putText(sheet, _printable(text), (x, y), TEXT_COLOUR, font, TEXT_HEIGHT, TEXT_WEIGHT)


def _printable(text: str) -> str:
    """Return the text without what OpenCV crashes on: a file name that is no UTF-8."""
    return text.encode("utf-8", "replace").decode()
