"""Evidence as one picture: the query, the still that was found, and the points in which they agree."""

from __future__ import annotations

from collections.abc import Sequence

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
PAPER_COLOUR, TEXT_COLOUR = (250, 250, 247), (30, 30, 30)
OUTLINE_COLOUR, HAIRLINE_COLOUR = (20, 150, 60), (200, 200, 195)


def evidence_sheet(picture: Image, still: Image, evidence: Evidence | None, caption: Sequence[str]) -> Image:
    """Draw the picture and the still side by side, with `caption` as lines of text below.

    What both show has an outline in each, and lines connect the points that agree.  Without evidence there
    are the two pictures alone.
    """
    shown = _sized(picture), _sized(still)
    width = shown[0].shape[1] + shown[1].shape[1] + 3 * MARGIN
    tall = max(shown[0].shape[0], shown[1].shape[0]) + 2 * MARGIN
    line_height = TEXT_HEIGHT + LINE_SPACING
    sheet = np.full((tall + len(caption) * line_height + MARGIN, width, 3), PAPER_COLOUR, np.uint8)
    corners = np.array([[MARGIN, MARGIN], [shown[0].shape[1] + 2 * MARGIN, MARGIN]], float)
    for image, (x, y) in zip(shown, corners.astype(int), strict=True):
        bottom, right = y + image.shape[0], x + image.shape[1]
        sheet[y - 1 : bottom + 1, x - 1 : right + 1] = HAIRLINE_COLOUR
        sheet[y:bottom, x:right] = image
    if evidence is not None:
        scales = shown[0].shape[1] / picture.shape[1], shown[1].shape[1] / still.shape[1]
        _draw_lines(sheet, evidence.lines, corners, scales)
        shared = outlines(evidence.homography, _size(picture), _size(still))
        _draw_outlines(sheet, shared, corners, scales)
    for number, text in enumerate(caption):
        _write(sheet, text, MARGIN, tall + number * line_height + TEXT_HEIGHT)
    return sheet


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


def _write(sheet: Image, text: str, x: int, y: int) -> None:
    """Write a line in any script; one that is too long for the sheet loses its middle."""
    text = text.encode("utf-8", "replace").decode()  # OpenCV crashes on a file name that is no UTF-8
    font = cv2.FontFace("sans")
    max_width = sheet.shape[1] - 2 * x

    def too_wide(shown: str) -> bool:
        (_, _, width, _) = cv2.getTextSize((sheet.shape[1], sheet.shape[0]), shown, (0, 0), font, TEXT_HEIGHT)
        return bool(width > max_width)

    shown, removed = text, 0
    while too_wide(shown) and removed < len(text) - 2:
        removed += 1
        half = (len(text) - removed) // 2
        shown = f"{text[:half]}…{text[len(text) - half :]}"
    cv2.putText(sheet, shown, (x, y), TEXT_COLOUR, font, TEXT_HEIGHT)
