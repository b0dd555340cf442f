"""Evidence as one picture: the query, the frame that was found, and the points in which they agree."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.geometry import Matrix, Size, outlines
from cbvir_core.search.sheets import (
    LINE_SPACING,
    MARGIN,
    TEXT_HEIGHT,
    LabelledPicture,
    blank_sheet,
    paste,
    shortened,
    wrapped,
    write,
    write_lines,
)
from cbvir_core.types import Evidence, Image, Rows

MAX_SHOWN_SIDE, MIN_SHOWN_SIDE = 720, 240
"""Longer side of each picture at most and at least, pixels: points would cover a smaller one."""

MAX_LINES = 60
"""Lines that are drawn, evenly chosen: more of them hide what they connect."""

OUTLINE_COLOUR = (20, 150, 60)

NOTHING_AGREES = "No points of the two pictures agree: there is nothing to show."
POINTS_AGREE = "{count} points agree."

HEAD = MARGIN + TEXT_HEIGHT + LINE_SPACING
"""Pixels above the pictures, where their labels are."""


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
    text = [part for line in (_count(evidence), *caption) for part in wrapped(line, width - 2 * MARGIN)]
    below = HEAD + max(image.shape[0] for image in shown) + MARGIN
    height = below + len(text) * (TEXT_HEIGHT + LINE_SPACING) + MARGIN
    sheet = blank_sheet(width, height)
    for image, (x, y) in zip(shown, corners.astype(int), strict=True):
        paste(sheet, image, int(x), int(y))
    if evidence is not None:
        scales = shown[0].shape[1] / query.image.shape[1], shown[1].shape[1] / frame.image.shape[1]
        _draw_lines(sheet, evidence.lines, corners, scales)
        shared = outlines(evidence.homography, _size(query.image), _size(frame.image))
        _draw_outlines(sheet, shared, corners, scales)
    for one, corner, column in zip((query, frame), corners, columns, strict=True):
        write(sheet, shortened(one.label, column), int(corner[0]), HEAD - LINE_SPACING)
    write_lines(sheet, text, below)
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
