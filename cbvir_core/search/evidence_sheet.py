"""Evidence as one picture: the question, what was found, and the points in which they agree."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.decode import fit_within
from cbvir_core.types import Evidence, Image, Rows
from cbvir_core.geometry import Size, outlines

Points = npt.NDArray[np.float64]
"""N x 2: x and y."""

SIDE, LEAST_SIDE = 720, 240
"""Longer side of each picture at most and at least, pixels: points would cover a smaller one."""

EDGE = 16
LINES = 60
"""Lines that are drawn, evenly chosen: more hide what they connect."""

LETTERS = 22
PAPER, INK, FRAME, HAIRLINE = (250, 250, 247), (30, 30, 30), (20, 150, 60), (200, 200, 195)


def evidence_sheet(picture: Image, still: Image, evidence: Evidence | None, caption: Sequence[str]) -> Image:
    """The picture and the still side by side, what both show framed in each, lines between points that
    agree, and lines of text below.  Without evidence the two pictures alone."""
    shown = _sized(picture), _sized(still)
    width = shown[0].shape[1] + shown[1].shape[1] + 3 * EDGE
    tall = max(shown[0].shape[0], shown[1].shape[0]) + 2 * EDGE
    sheet = np.full((tall + len(caption) * (LETTERS + 10) + EDGE, width, 3), PAPER, np.uint8)
    corners = np.array([[EDGE, EDGE], [shown[0].shape[1] + 2 * EDGE, EDGE]], float)
    for image, (x, y) in zip(shown, corners.astype(int), strict=True):
        bottom, right = y + image.shape[0], x + image.shape[1]
        sheet[y - 1 : bottom + 1, x - 1 : right + 1] = HAIRLINE
        sheet[y:bottom, x:right] = image
    if evidence is not None:
        scales = shown[0].shape[1] / picture.shape[1], shown[1].shape[1] / still.shape[1]
        _join(sheet, evidence.lines, corners, scales)
        _frame(sheet, outlines(evidence.homography, _size(picture), _size(still)), corners, scales)
    for number, text in enumerate(caption):
        _write(sheet, text, EDGE, tall + number * (LETTERS + 10) + LETTERS)
    return sheet


def _sized(image: Image) -> Image:
    longest = max(image.shape[:2])
    if longest >= LEAST_SIDE:
        return fit_within(image, SIDE)
    scale = LEAST_SIDE / longest
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def _size(image: Image) -> Size:
    return image.shape[1], image.shape[0]


def _join(sheet: Image, lines: Rows, corners: Points, scales: tuple[float, float]) -> None:
    """Lines from point to point, each in its colour."""
    chosen = lines[np.linspace(0, len(lines) - 1, min(LINES, len(lines))).astype(int)]
    starts = (chosen[:, :2] * scales[0] + corners[0]).round().astype(int)
    ends = (chosen[:, 2:] * scales[1] + corners[1]).round().astype(int)
    over = sheet.copy()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        hue = np.array([[[180 * number // max(1, len(chosen)), 200, 230]]], np.uint8)
        colour = tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0])
        cv2.line(over, tuple(start), tuple(end), colour, 1, cv2.LINE_AA)
        for point in (start, end):
            cv2.circle(over, tuple(point), 3, colour, -1, cv2.LINE_AA)
    cv2.addWeighted(over, 0.75, sheet, 0.25, 0, dst=sheet)


def _frame(
    sheet: Image, shared: tuple[Points, Points] | None, corners: Points, scales: tuple[float, float]
) -> None:
    """What both pictures show, as it lies in each, on top of the lines."""
    for outline, corner, scale in zip(shared or (), corners, scales, strict=False):
        places = (outline * scale + corner).round().astype(np.int32)
        cv2.polylines(sheet, [places], True, FRAME, 3, cv2.LINE_AA)


def _write(sheet: Image, text: str, x: int, y: int) -> None:
    """In any script; what is too long for the sheet loses its middle."""
    text = text.encode("utf-8", "replace").decode()  # of a name that is no UTF-8, OpenCV would crash
    font = cv2.FontFace("sans")
    room = sheet.shape[1] - 2 * x

    def wide(shown: str) -> bool:
        return bool(cv2.getTextSize((sheet.shape[1], sheet.shape[0]), shown, (0, 0), font, LETTERS)[2] > room)

    shown, cut = text, 0
    while wide(shown) and cut < len(text) - 2:
        cut += 1
        half = (len(text) - cut) // 2
        shown = f"{text[:half]}…{text[len(text) - half :]}"
    cv2.putText(sheet, shown, (x, y), INK, font, LETTERS)
