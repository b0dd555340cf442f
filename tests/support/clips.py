"""Frames of real clips."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from cbvir_core.decode import read_frames
from cbvir_core.types import Image

MAX_SIDE = 512


def frames_of(
    folder: Path, names: Iterable[str], *, each: int = 1, samples_per_s: float = 1.0
) -> list[Image]:
    """Return the first `each` samples of every clip, the longer side at most `MAX_SIDE`."""
    found: list[Image] = []
    for name in names:
        with read_frames(folder / name, samples_per_s=samples_per_s, max_side=MAX_SIDE) as reader:
            found += [frame.image for frame in islice(reader, each)]
    return found
