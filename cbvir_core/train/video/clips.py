"""Training clips: stretches of videos, as pictures in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from cbvir_core.decode import read_frames
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.train.origins import source_of
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.videos import held_out
from cbvir_core.types import Image

FEWEST_FRAMES = 6
"""Frames without which a stretch of a video is no training clip: two seconds."""


@dataclass(frozen=True, eq=False)
class TrainingClip:
    """Frames one after the other: `pixels` is uint8 T x 3 x S x S, each squashed to a square.

    Clips of one `source` are never compared as different videos; `is_video` is false for slides.
    """

    name: str
    source: str
    pixels: Tensor
    is_video: bool = True


def read_clips(folders: Iterable[Path], side: int, recipe: VideoRecipe) -> Iterator[TrainingClip]:
    """Yield the clips of all videos that are not left out for benchmarks; skip files that are not videos.

    Frames of `read_frames`, which are `recipe.samples_per_s` a second, squashed to `side`.
    """
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            left_out = held_out(path.name) or source_of(path.name) in recipe.leave_out
            if path.is_file() and not left_out:
                yield from _clips(path, side, recipe)


def _clips(path: Path, side: int, recipe: VideoRecipe) -> Iterator[TrainingClip]:
    source = source_of(path.name)
    with (
        suppress(InputError, DecodeError),
        read_frames(path, samples_per_s=recipe.samples_per_s, max_side=2 * side) as reader,
    ):
        for number in range(recipe.clips_per_video):
            frames = [squashed(frame.image, side) for frame in islice(reader, recipe.clip_frames)]
            if len(frames) < FEWEST_FRAMES:
                return
            yield TrainingClip(f"{path.name}@{number}", source, as_pixels(frames))


def squashed(image: Image, side: int) -> Image:
    """Return a picture scaled to a square, as the filter sees it."""
    scaled: Image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return scaled


def as_pixels(frames: list[Image]) -> Tensor:
    """Return square pictures as uint8 T x 3 x S x S."""
    return torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))
