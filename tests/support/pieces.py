"""Pieces of films as clips of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbvir_core.decode import read_frames
from cbvir_core.types import Image
from support.films import Film, write_video

PIECE_RATE = 12
"""Pictures a second of a piece."""


def pictures_of(film: Film, span: tuple[float, float]) -> list[Image]:
    """The pictures of a part of a film, `PIECE_RATE` a second."""
    with read_frames(film.path, samples_per_s=PIECE_RATE, mode="every") as frames:
        return [frame.image for frame in frames if span[0] <= frame.time_s < span[1]]


def write_clip(path: Path, shown: Sequence[Image]) -> Path:
    """Write pictures as a video file; return its path."""
    height, width = shown[0].shape[:2]
    write_video(path, shown, (width, height), PIECE_RATE)
    return path
