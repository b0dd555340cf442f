"""Evidence as one picture: the query, the frame that was found, and the points in which they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.geometry import Matrix, Size, outlines
from cbvir_core.types import Evidence, Image, Rows

MAX_SHOWN_SIDE, MIN_SHOWN_SIDE = 720, 240
"""Longer side of each picture at most and at least, pixels: points would cover a smaller one."""

MARGIN = 16
"""Pixels around each picture."""

MAX_LINES = 60
"""Lines that are drawn, evenly chosen: more of them hide what they connect."""

TEXT_HEIGHT, LINE_SPACING = 22, 10
TEXT_WEIGHT = 500
"""Weight of the font, from 100 to 900.  Without it the same font came out bold in one place and thin in
another."""

PAPER_COLOUR, TEXT_COLOUR = (250, 250, 247), (30, 30, 30)
OUTLINE_COLOUR, HAIRLINE_COLOUR = (20, 150, 60), (200, 200, 195)

NOTHING_AGREES = "No points of the two pictures agree: there is nothing to show."
POINTS_AGREE = "{count} points agree."

HEAD = MARGIN + TEXT_HEIGHT + LINE_SPACING
"""Pixels above the pictures, where their labels are."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture, and the words above it."""

    image: Image = field(repr=False)
    label: str


def evidence_sheet(
    query: LabelledPicture, frame: LabelledPicture, evidence: Evidence | None, caption: Sequence[str]
) -> Image:
    """Draw the query and the frame side by side under their labels, with lines of text below.

    What both show has an outline in each, and lines connect the points that agree.  The first line of text
    says how many these are, or that there are none; then comes `caption`.
    """
    shown = _sized(query.image), _sized(frame.image)
    columns = [max(MIN_SHOWN_SIDE, image.shape[1]) for image in shown]
    corners = np.array([[MARGIN, HEAD], [columns[0] + 2 * MARGIN, HEAD]], float)
    width = sum(columns) + 3 * MARGIN
    text = [part for line in (_count(evidence), *caption) for part in _wrapped(line, width - 2 * MARGIN)]
    below = HEAD + max(image.shape[0] for image in shown) + MARGIN
    height = below + len(text) * (TEXT_HEIGHT + LINE_SPACING) + MARGIN
    sheet = np.full((height, width, 3), PAPER_COLOUR, np.uint8)
    for image, (x, y) in zip(shown, corners.astype(int), strict=True):
        bottom, right = y + image.shape[0], x + image.shape[1]
        sheet[y - 1 : bottom + 1, x - 1 : right + 1] = HAIRLINE_COLOUR
        sheet[y:bottom, x:right] = image
    if evidence is not None:
        scales = shown[0].shape[1] / query.image.shape[1], shown[1].shape[1] / frame.image.shape[1]
        _draw_lines(sheet, evidence.lines, corners, scales)
        shared = outlines(evidence.homography, _size(query.image), _size(frame.image))
        _draw_outlines(sheet, shared, corners, scales)
    for one, corner, column in zip((query, frame), corners, columns, strict=True):
        _write(sheet, _shortened(one.label, column), int(corner[0]), HEAD - LINE_SPACING)
    for number, line in enumerate(text):
        _write(sheet, line, MARGIN, below + number * (TEXT_HEIGHT + LINE_SPACING) + TEXT_HEIGHT)
    return sheet


def _count(evidence: Evidence | None) -> str:
    """Return the line that says how much agrees."""
    return NOTHING_AGREES if evidence is None else POINTS_AGREE.format(count=evidence.inliers)


def _sized(image: Image) -> Image:
    longest = max(image.shape[:2])
    if longest >= MIN_SHOWN_SIDE:
        return fit_within(image, MAX_SHOWN_SIDE)
    scale = MIN_SHOWN_SIDE / longest
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def _size(image: Image) -> Size:
    return image.shape[1], image.shape[0]


def _draw_lines(sheet: Image, lines: Rows, corners: Matrix, scales: tuple[float, float]) -> None:
    """Draw lines from point to point, each in a colour of its own."""
    chosen = lines[np.linspace(0, len(lines) - 1, min(MAX_LINES, len(lines))).astype(int)]
    starts = (chosen[:, :2] * scales[0] + corners[0]).round().astype(int)
    ends = (chosen[:, 2:] * scales[1] + corners[1]).round().astype(int)
    drawn = sheet.copy()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        hue = np.array([[[180 * number // max(1, len(chosen)), 200, 230]]], np.uint8)
        colour = tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0])
        cv2.line(drawn, tuple(start), tuple(end), colour, 1, cv2.LINE_AA)
        for point in (start, end):
            cv2.circle(drawn, tuple(point), 3, colour, -1, cv2.LINE_AA)
    cv2.addWeighted(drawn, 0.75, sheet, 0.25, 0, dst=sheet)


def _draw_outlines(
    sheet: Image, shared: tuple[Matrix, Matrix] | None, corners: Matrix, scales: tuple[float, float]
) -> None:
    """Outline the part that both pictures show in each of them, on top of the lines."""
    for outline, corner, scale in zip(shared or (), corners, scales, strict=False):
        points = (outline * scale + corner).round().astype(np.int32)
        cv2.polylines(sheet, [points], True, OUTLINE_COLOUR, 3, cv2.LINE_AA)


def _wrapped(text: str, max_width: int) -> list[str]:
    """Break a text between words into lines of at most `max_width` pixels; at least one line."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and _width(longer) > max_width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_shortened(line, max_width) for line in lines]


def _shortened(text: str, max_width: int) -> str:
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


def _write(sheet: Image, text: str, x: int, y: int) -> None:
    """Write a line in any script."""
    font = cv2.FontFace("sans")
    cv2.putText(sheet, _printable(text), (x, y), TEXT_COLOUR, font, TEXT_HEIGHT, TEXT_WEIGHT)


def _printable(text: str) -> str:
    """Return the text without what OpenCV crashes on: a file name that is no UTF-8."""
    return text.encode("utf-8", "replace").decode()
