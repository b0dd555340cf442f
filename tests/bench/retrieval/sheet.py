"""One example of every kind of edit in one picture, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from bench.retrieval.frames import ClipFrame
from bench.retrieval.perturbations import PERTURBATIONS, perturbed
from bench.retrieval.perturbations.lettering import font

TILE_SIZE = (400, 320)
LABEL_HEIGHT = 26
SHEET_COLUMNS = 5


def contact_sheet(shots: Sequence[ClipFrame], seed: int) -> PIL.Image.Image:
    """A tile for each kind; the frames take turns."""
    rows = -(-len(PERTURBATIONS) // SHEET_COLUMNS)
    sheet = PIL.Image.new(
        "RGB", (SHEET_COLUMNS * TILE_SIZE[0], rows * (TILE_SIZE[1] + LABEL_HEIGHT)), (90, 90, 96)
    )
    draw = PIL.ImageDraw.Draw(sheet)
    for number, kind in enumerate(PERTURBATIONS):
        shot = shots[number % len(shots)]
        picture = PIL.Image.fromarray(perturbed(shot.image, kind, shot.key, seed))
        left, top = (
            number % SHEET_COLUMNS * TILE_SIZE[0],
            number // SHEET_COLUMNS * (TILE_SIZE[1] + LABEL_HEIGHT),
        )
        draw.text(
            (left + 6, top + 4), f"{kind}: {picture.width} x {picture.height}", (255, 255, 255), font(16)
        )
        picture.thumbnail((TILE_SIZE[0] - 8, TILE_SIZE[1] - 4))
        sheet.paste(picture, (left + 4, top + LABEL_HEIGHT))
    return sheet


def write_sheet(path: Path, shots: Sequence[ClipFrame], seed: int) -> None:
    """Writes the contact sheet in the format that the name's ending says."""
    contact_sheet(shots, seed).save(path)
