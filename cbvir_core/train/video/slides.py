"""Clips made of photographs: shots in which a camera moves slowly over a picture, joined by cuts and fades.

They add content where there are few videos; what moves in them is the camera alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.train.video.clips import TrainingClip, as_pixels
from cbvir_core.types import Image

SHOT_FRAMES = (4, 24)
"""Frames of a shot, fewest and most: one to eight seconds."""

CROPPED_SHARES = (0.5, 1.0)
"""Share of the photograph's sides that the camera sees, smallest and largest."""

STILL_SHARE, FADE_SHARE = 0.25, 0.3
"""Shares of shots in which nothing moves, and of cuts that are fades."""

FADE_FRAMES = 3
SHAKE = 0.004
"""Standard deviation of a shaking hand from frame to frame, in sides of the picture."""


def slide_clips(
    photographs: Iterator[tuple[str, Image]], count: int, frames: int, side: int, seed: int
) -> Iterator[TrainingClip]:
    """Yield `count` clips of `frames` frames, or fewer where the photographs run out; none is used twice."""
    for number in range(count):
        draws = np.random.default_rng([seed, number])
        shots: list[Image] = []
        first = ""
        while len(shots) < frames:
            name, photograph = next(photographs, ("", None))
            if photograph is None:
                return
            first = first or name
            length = min(int(draws.integers(SHOT_FRAMES[0], SHOT_FRAMES[1] + 1)), frames)
            _join(shots, _shot(fit_within(photograph, 2 * side), length, side, draws), draws)
        name = f"slides-{number}-{first}"
        yield TrainingClip(name, name, as_pixels(shots[:frames]), is_video=False)


def _shot(photograph: Image, frames: int, side: int, draws: np.random.Generator) -> list[Image]:
    """Return a shot: the camera goes from one part of the photograph to another."""
    low, high = CROPPED_SHARES
    starts, ends = draws.uniform(low, high, 2), draws.uniform(0.0, 1.0, (2, 2))
    if draws.random() < STILL_SHARE:
        starts[1], ends[1] = starts[0], ends[0]
    way = np.linspace(0.0, 1.0, frames)[:, None]
    share = starts[0] * (1 - way[:, 0]) + starts[1] * way[:, 0]
    centre = ends[0] * (1 - way) + ends[1] * way
    corner = centre * (1 - share[:, None]) + np.cumsum(draws.normal(0, SHAKE, (frames, 2)), axis=0)
    return [
        _seen(photograph, (float(left), float(top)), float(size), side)
        for (left, top), size in zip(corner, share, strict=True)
    ]


def _seen(photograph: Image, corner: tuple[float, float], share: float, side: int) -> Image:
    """Return the part of a photograph, in shares of its sides, as a square picture."""
    left, top = corner
    height, width = photograph.shape[:2]
    across, down = side / (share * width), side / (share * height)
    matrix = np.array([[across, 0, -left * width * across], [0, down, -top * height * down]])
    seen: Image = cv2.warpAffine(photograph, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    return seen


def _join(shots: list[Image], shot: Sequence[Image], draws: np.random.Generator) -> None:
    """Append a shot, by a cut or by a fade over the last frames."""
    if len(shots) >= FADE_FRAMES and len(shot) > FADE_FRAMES and draws.random() < FADE_SHARE:
        for number in range(FADE_FRAMES):
            share = (number + 1) / (FADE_FRAMES + 1)
            before, after = shots[number - FADE_FRAMES], shot[number]
            shots[number - FADE_FRAMES] = cv2.addWeighted(before, 1 - share, after, share, 0)
        shot = shot[FADE_FRAMES:]
    shots.extend(shot)
