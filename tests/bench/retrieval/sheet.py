"""One example of every kind of edit in one picture, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from bench.retrieval.edits import KINDS, edited
from bench.retrieval.edits.lettering import font
from bench.retrieval.frames import Shot

TILE = (400, 320)
LABEL = 26
COLUMNS = 5


def contact_sheet(shots: Sequence[Shot], seed: int) -> PIL.Image.Image:
    """A tile for each kind; the frames take turns."""
    rows = -(-len(KINDS) // COLUMNS)
    sheet = PIL.Image.new("RGB", (COLUMNS * TILE[0], rows * (TILE[1] + LABEL)), (90, 90, 96))
    draw = PIL.ImageDraw.Draw(sheet)
    for number, kind in enumerate(KINDS):
        shot = shots[number % len(shots)]
        picture = PIL.Image.fromarray(edited(shot.image, kind, shot.key, seed))
        left, top = number % COLUMNS * TILE[0], number // COLUMNS * (TILE[1] + LABEL)
        draw.text(
            (left + 6, top + 4), f"{kind}: {picture.width} x {picture.height}", (255, 255, 255), font(16)
        )
        picture.thumbnail((TILE[0] - 8, TILE[1] - 4))
        sheet.paste(picture, (left + 4, top + LABEL))
    return sheet


def write_sheet(path: Path, shots: Sequence[Shot], seed: int) -> None:
    """Writes the contact sheet in the format that the name's ending says."""
    contact_sheet(shots, seed).save(path)
