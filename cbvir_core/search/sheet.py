"""Evidence as one picture: the question, what was found, and the points in which they agree."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.decode import fit_within
from cbvir_core.types import Evidence, Image

SIDE = 720
"""Longer side of each picture at most, pixels."""

EDGE = 16
LINES = 60
"""Lines that are drawn, evenly chosen: more hide what they connect."""

LETTERS = 22
PAPER, INK, FRAME = (250, 250, 247), (30, 30, 30), (20, 150, 60)


def evidence_sheet(picture: Image, still: Image, evidence: Evidence | None, caption: Sequence[str]) -> Image:
    """The picture with the region that was found, the still beside it, lines between points that agree,
    and lines of text below.  Without evidence the two pictures alone."""
    asked, found = fit_within(picture, SIDE), fit_within(still, SIDE)
    width = asked.shape[1] + found.shape[1] + 3 * EDGE
    tall = max(asked.shape[0], found.shape[0]) + 2 * EDGE
    sheet = np.full((tall + len(caption) * (LETTERS + 10) + EDGE, width, 3), PAPER, np.uint8)
    corners = np.array([[EDGE, EDGE], [asked.shape[1] + 2 * EDGE, EDGE]], float)
    for image, (x, y) in zip((asked, found), corners.astype(int), strict=True):
        sheet[y : y + image.shape[0], x : x + image.shape[1]] = image
    if evidence is not None:
        scales = asked.shape[1] / picture.shape[1], found.shape[1] / still.shape[1]
        _draw(sheet, evidence, corners, scales)
    for number, text in enumerate(caption):
        _write(sheet, text, EDGE, tall + number * (LETTERS + 10) + LETTERS)
    return sheet


def _draw(
    sheet: Image, evidence: Evidence, corners: npt.NDArray[np.float64], scales: tuple[float, float]
) -> None:
    """Lines from point to point, each in its colour, and the region's frame on top of them."""
    chosen = evidence.lines[
        np.linspace(0, len(evidence.lines) - 1, min(LINES, len(evidence.lines))).astype(int)
    ]
    starts = chosen[:, :2] * scales[0] + corners[0]
    ends = chosen[:, 2:] * scales[1] + corners[1]
    over = sheet.copy()
    for number, (start, end) in enumerate(
        zip(starts.round().astype(int), ends.round().astype(int), strict=True)
    ):
        hue = np.array([[[180 * number // max(1, len(chosen)), 200, 230]]], np.uint8)
        colour = tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0])
        cv2.line(over, tuple(start), tuple(end), colour, 1, cv2.LINE_AA)
        for point in (start, end):
            cv2.circle(over, tuple(point), 3, colour, -1, cv2.LINE_AA)
    cv2.addWeighted(over, 0.75, sheet, 0.25, 0, dst=sheet)
    left, top, right, bottom = evidence.region
    box = np.array([[left, top], [right, bottom]]) * scales[0] + corners[0]
    (x, y), (far_x, far_y) = box.round().astype(int).tolist()
    cv2.rectangle(sheet, (x, y), (far_x, far_y), FRAME, 3, cv2.LINE_AA)


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
