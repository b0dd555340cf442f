"""A contact sheet with one example of every perturbation."""

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


def contact_sheet(frames: Sequence[ClipFrame], seed: int) -> PIL.Image.Image:
    """Draw a tile for each perturbation; the frames take turns."""
    rows = -(-len(PERTURBATIONS) // SHEET_COLUMNS)
    sheet = PIL.Image.new(
        "RGB", (SHEET_COLUMNS * TILE_SIZE[0], rows * (TILE_SIZE[1] + LABEL_HEIGHT)), (90, 90, 96)
    )
    draw = PIL.ImageDraw.Draw(sheet)
    for number, kind in enumerate(PERTURBATIONS):
        frame = frames[number % len(frames)]
        picture = PIL.Image.fromarray(perturbed(frame.image, kind, frame.key, seed))
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


def write_sheet(path: Path, frames: Sequence[ClipFrame], seed: int) -> None:
    """Write the contact sheet in the format of the file name's suffix."""
    contact_sheet(frames, seed).save(path)
