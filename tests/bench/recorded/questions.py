"""The questions: frames of clips, edited, asked with different options; the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.retrieval.perturbations import PERTURBATIONS, perturbed
from cbvir_core import CbvirError, Image, SearchOptions
from cbvir_core.decode import read_frames

FRAME_SIDE = 640
"""Long side in pixels of the frames: what people save from a player."""

EXACT_TIME_S = 600.0
"""Seconds for the exact moment: so many that the wall clock decides nothing and answers can be repeated."""

WAYS = {
    "plain": SearchOptions(exact_time_s=EXACT_TIME_S),
    "everywhere": SearchOptions(exact_time_s=EXACT_TIME_S, everywhere=True),
    "descriptors": SearchOptions(exact_time_s=0.0, verify="never"),
    "whole picture": SearchOptions(exact_time_s=EXACT_TIME_S, regions=False, verify="always"),
}
"""Ways of asking, by name."""

ORDER = ("plain", "plain", "everywhere", "plain", "region", "plain", "descriptors", "within", "whole picture")
"""The ways in turn; half of the questions are asked as a user asks."""


@dataclass(frozen=True)
class RecordedQuestion:
    """A picture, how it is asked with, and a name that says both."""

    name: str
    picture: Image
    options: SearchOptions


def questions(clips: Sequence[Path], count: int, seed: int) -> Iterator[RecordedQuestion]:
    """Yield `count` questions, clip by clip in turn, the kinds of edits in turn."""
    kinds = list(PERTURBATIONS)
    frames = {clip: found for clip in clips if (found := _frames(clip))}
    readable = list(frames)
    for number in range(count):
        clip = readable[number % len(readable)]
        rng = np.random.default_rng([seed, number])
        frame = frames[clip][int(rng.integers(len(frames[clip])))]
        kind, way = kinds[number % len(kinds)], ORDER[number % len(ORDER)]
        name = f"{number:03} {clip.name} {kind}, {way}"
        picture = perturbed(frame, kind, name, seed)
        yield RecordedQuestion(name, picture, _options(way, picture, clip))


def _frames(clip: Path) -> list[Image]:
    frames: list[Image] = []
    with (
        suppress(CbvirError),
        read_frames(clip, samples_per_s=2.0, mode="every", max_side=FRAME_SIDE) as reader,
    ):
        frames.extend(frame.image for frame in reader)
    return frames


def _options(way: str, picture: Image, clip: Path) -> SearchOptions:
    if way == "region":
        height, width = picture.shape[:2]
        part = (width // 8, height // 8, 3 * width // 4, 3 * height // 4)
        return SearchOptions(exact_time_s=EXACT_TIME_S, region=part)
    if way == "within":
        return SearchOptions(exact_time_s=EXACT_TIME_S, within=(clip,))
    return WAYS[way]
