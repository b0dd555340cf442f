"""The orientation in which a player shows the stored picture: the display matrix that phones write."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from av.buffer import Buffer
from av.video.frame import VideoFrame

from cbvir_core.types import Image


@dataclass(frozen=True, slots=True)
class Orientation:
    """A mirror from left to right if `mirrored`, then a turn clockwise by `rotation` (0, 90, 180, 270)."""

    rotation: int = 0
    mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.rotation % 180 != 0

    def apply(self, image: Image) -> Image:
        """Return the picture upright, contiguous in memory."""
        mirrored = image[:, ::-1] if self.mirrored else image
        return np.ascontiguousarray(np.rot90(mirrored, k=-(self.rotation // 90)))


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return the orientation by a frame's display matrix; any other angle is rounded to a quarter turn."""
    if not (matrix := _display_matrix(frame)):
        return Orientation(rotation=_quarter(-frame.rotation))
    a, b, c, d = matrix
    mirrored = a * d - b * c < 0
    # A mirrored matrix is a mirror from left to right, which negates its first row, then a turn.
    angle = np.degrees(np.arctan2(-b if mirrored else b, -a if mirrored else a))
    return Orientation(rotation=_quarter(float(angle)), mirrored=mirrored)


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int] | None:
    """Return the 2 x 2 part, row by row; (x, y) of the stored picture goes to (a x + c y, b x + d y)."""
    try:
        data = cast("Mapping[str, Buffer]", frame.side_data).get("DISPLAYMATRIX")
    except ValueError:
        # PyAV refuses a frame with side data of a kind that it does not know; the rotation is still known.
        return None
    if data is None:
        return None
    a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
    return a, b, c, d


def _quarter(degrees: float) -> int:
    return round(degrees / 90) % 4 * 90
