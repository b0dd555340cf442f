"""A sheet with one question of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from bench.films.questions import FilmQuestion
from bench.retrieval.perturbations.lettering import font

SHEET_TILE = (330, 300)
SHEET_LABEL = 22
TILES_IN_A_ROW = 6


def write_pictures(path: Path, questions: Sequence[FilmQuestion], seed: int) -> None:
    """Write the sheet in the format of the file name's suffix; of each kind the first with an answer."""
    shown = {question.kind: question for question in reversed(questions) if question.role == "asked"}
    kinds = list(reversed(shown))
    width, height = SHEET_TILE
    rows = -(-len(kinds) // TILES_IN_A_ROW)
    sheet = PIL.Image.new("RGB", (TILES_IN_A_ROW * width, rows * (height + SHEET_LABEL)), (90, 90, 96))
    draw = PIL.ImageDraw.Draw(sheet)
    for number, kind in enumerate(kinds):
        picture = PIL.Image.fromarray(shown[kind].image(seed))
        left, top = number % TILES_IN_A_ROW * width, number // TILES_IN_A_ROW * (height + SHEET_LABEL)
        draw.text(
            (left + 4, top + 2), f"{kind}: {picture.width} x {picture.height}", (255, 255, 255), font(15)
        )
        picture.thumbnail((width - 8, height - 4))
        sheet.paste(picture, (left + 4, top + SHEET_LABEL))
    sheet.save(path)
