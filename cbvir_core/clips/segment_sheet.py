"""Evidence for a segment as one picture: frames beside each other, the similarity matrix, its path."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cbvir_core.align import AlignedSegment, SimilarityMatrix
from cbvir_core.decode import fit_within
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
from cbvir_core.types import Image

COLUMN_WIDTH, ROW_HEIGHT = 300, 240
"""Largest size of a frame, pixels."""

MATRIX_HEIGHT = 280
"""Pixels of the similarity matrix; it is as wide as all frames."""

DARKEST, BRIGHTEST = 0.2, 0.9
"""Similarities that are drawn black and in the brightest colour."""

PATH_COLOUR, LINE_COLOUR = (255, 255, 255), (40, 170, 255)
PATH_RADIUS = 2

LEGEND = "Each point: a frame of the clip (across) and of the video (down); the brighter, the more alike."
PATH_LEGEND = "White: frames that were taken for the same. Line: what is said of them."

FramePair = tuple[LabelledPicture, LabelledPicture]
"""A frame of the clip, and the frame of the video that it is said to show."""

_LABEL = TEXT_HEIGHT + LINE_SPACING


def segment_sheet(
    matrix: SimilarityMatrix, segment: AlignedSegment, pairs: Sequence[FramePair], caption: Sequence[str]
) -> Image:
    """Draw `pairs` of frames above each other, the matrix with the segment's path, and lines of text."""
    width = max(1, len(pairs)) * (COLUMN_WIDTH + MARGIN) + MARGIN
    text = [part for line in (LEGEND, PATH_LEGEND, *caption) for part in wrapped(line, width - 2 * MARGIN)]
    rows = [max((_shown(pair[side]).shape[0] for pair in pairs), default=0) for side in (0, 1)]
    tops = MARGIN + _LABEL, MARGIN + _LABEL + rows[0] + MARGIN + _LABEL
    matrix_top = tops[1] + rows[1] + MARGIN
    text_top = matrix_top + MATRIX_HEIGHT + MARGIN
    sheet = blank_sheet(width, text_top + len(text) * (TEXT_HEIGHT + LINE_SPACING) + MARGIN)
    for column, pair in enumerate(pairs):
        x = MARGIN + column * (COLUMN_WIDTH + MARGIN)
        for one, y in zip(pair, tops, strict=True):
            paste(sheet, _shown(one), x, y)
            write(sheet, shortened(one.label, COLUMN_WIDTH), x, y - LINE_SPACING)
    paste(sheet, drawn_matrix(matrix, segment, width - 2 * MARGIN), MARGIN, matrix_top)
    write_lines(sheet, text, text_top)
    return sheet


def drawn_matrix(matrix: SimilarityMatrix, segment: AlignedSegment, width: int) -> Image:
    """Return the matrix as a picture of `width` and `MATRIX_HEIGHT`, time in the clip across.

    The video's time goes down.  Only the part of the video around the segment is drawn, of twice its length.
    """
    rows = _rows_around(matrix, segment)
    shown = (matrix.values[:, rows].T - DARKEST) / (BRIGHTEST - DARKEST)
    grey = np.asarray(255.0 * np.clip(shown, 0.0, 1.0), np.uint8)
    large = cv2.resize(grey, (width, MATRIX_HEIGHT), interpolation=cv2.INTER_NEAREST)
    picture = cv2.cvtColor(cv2.applyColorMap(large, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    scale = np.array([width / len(matrix.query_times_s), MATRIX_HEIGHT / (rows.stop - rows.start)])
    path = np.stack([segment.path.queries, segment.path.frames - rows.start], axis=1)
    for x, y in np.rint((path + 0.5) * scale).astype(int).tolist():
        cv2.circle(picture, (x, y), PATH_RADIUS, PATH_COLOUR, -1, cv2.LINE_AA)
    said = [
        (
            _position(matrix.query_times_s, at_s),
            _position(matrix.times_s, segment.time_in_video(at_s)) - rows.start,
        )
        for at_s in segment.query
    ]
    first, last = np.rint((np.array(said) + 0.5) * scale).astype(int).tolist()
    cv2.line(picture, first, last, LINE_COLOUR, 2, cv2.LINE_8)
    return np.asarray(picture, np.uint8)


def _rows_around(matrix: SimilarityMatrix, segment: AlignedSegment) -> slice:
    """Return the frames of the video that are drawn."""
    slack_s = max(1.0, (segment.span[1] - segment.span[0]) / 2)
    first = int(np.searchsorted(matrix.times_s, segment.span[0] - slack_s))
    last = int(np.searchsorted(matrix.times_s, segment.span[1] + slack_s, side="right"))
    first = min(first, int(segment.path.frames.min()))
    return slice(first, max(last, int(segment.path.frames.max()) + 1))


def _position(times_s: np.ndarray, time_s: float) -> float:
    """Return where a time lies among ascending ones, as a number between theirs."""
    return float(np.interp(time_s, times_s, np.arange(len(times_s))))


def _shown(one: LabelledPicture) -> Image:
    """Return a picture in the size in which it is drawn: small ones are enlarged."""
    height, width = one.image.shape[:2]
    scale = min(COLUMN_WIDTH / width, ROW_HEIGHT / height)
    if scale <= 1.0:
        return fit_within(one.image, max(round(height * scale), round(width * scale)))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(cv2.resize(one.image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
