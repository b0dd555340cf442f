"""Results as pictures on sheets of paper, with their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.search import clock
from cbvir_core.search.sheets import (
    LINE_SPACING,
    MARGIN,
    TEXT_HEIGHT,
    blank_sheet,
    paste,
    shortened,
    write,
)
from cbvir_core.types import Image
from cbvird.export.results import ExportedResult, on_one_line

SHEET_COLUMNS = 3
CELL_PICTURE = 384
"""Longest side in pixels of a picture on a sheet."""

CELL_TEXT_LINES = 3
SHEET_ROWS = 5
"""Rows of a page: with three columns its shape is about that of A4."""

_LINE = TEXT_HEIGHT + LINE_SPACING
CELL_WIDTH, CELL_HEIGHT = CELL_PICTURE + MARGIN, 216 + MARGIN + CELL_TEXT_LINES * _LINE


@dataclass(frozen=True, slots=True, eq=False)
class SheetCell:
    """A result with the picture of its moment."""

    result: ExportedResult
    image: Image = field(repr=False)


def contact_sheets(cells: Sequence[SheetCell]) -> list[Image]:
    """Return the cells on pages of equal size; one empty page for none."""
    of_page = SHEET_COLUMNS * SHEET_ROWS
    return [
        _sheet(cells[begin : begin + of_page], SHEET_ROWS) for begin in range(0, max(1, len(cells)), of_page)
    ]


def one_sheet(cells: Sequence[SheetCell]) -> Image:
    """Return all cells on one page, as long as it takes."""
    return _sheet(cells, max(1, -(-len(cells) // SHEET_COLUMNS)))


def _sheet(cells: Sequence[SheetCell], rows: int) -> Image:
    sheet = blank_sheet(SHEET_COLUMNS * CELL_WIDTH + MARGIN, rows * CELL_HEIGHT + MARGIN)
    for number, cell in enumerate(cells):
        row, column = divmod(number, SHEET_COLUMNS)
        _draw(sheet, cell, MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT)
    return sheet


def _draw(sheet: Image, cell: SheetCell, x: int, y: int) -> None:
    result = cell.result
    height = CELL_HEIGHT - MARGIN - CELL_TEXT_LINES * _LINE
    shown = fit_within(cell.image, CELL_PICTURE)
    if shown.shape[0] > height:  # a tall picture
        shown = fit_within(shown, height)
    paste(sheet, np.ascontiguousarray(shown), x, y)
    span = f"{clock(result.start_s)} – {clock(result.end_s)}, at {clock(result.time_s)}"
    for number, text in enumerate((result.name, span, on_one_line(result.label))):
        write(sheet, shortened(text, CELL_PICTURE), x, y + height + (number + 1) * _LINE)
