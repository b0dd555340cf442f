"""Frames to ask with: between the keyframes, spread over the scenes, and with something to see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from zlib import crc32

import numpy as np

from bench.retrieval.clips import family
from cbvir_core.decode import read_frames
from cbvir_core.decode.blank import is_blank
from cbvir_core.types import Image

T = TypeVar("T")

FRAME_SIDE = 640
"""Long side in pixels of the frame that is edited: what people save from a player."""

FRAME_SAMPLES_PER_S = 5.0

KEYFRAME_DISTANCE_S = 0.15
"""Seconds that a frame lies from every keyframe of its clip."""


class SceneKeyframe(Protocol):
    """A keyframe, as it is extracted or as a library keeps it."""

    @property
    def time_s(self) -> float:
        """When it is shown."""

    @property
    def scene_start_s(self) -> float:
        """When its scene begins."""


@dataclass(frozen=True)
class ClipFrame:
    """One frame of a clip at its presentation time."""

    clip: str
    time_s: float
    image: Image = field(repr=False, compare=False)

    @property
    def family(self) -> str:
        """The family of its clip."""
        return family(self.clip)

    @property
    def key(self) -> str:
        """Its name among all frames."""
        return f"{self.clip}@{self.time_s:.3f}"


def frames_between(path: Path, keyframes: Sequence[SceneKeyframe], seed: int) -> list[ClipFrame]:
    """Frames of one clip in a seeded order that goes round its scenes.

    Left out: what lies within `KEYFRAME_DISTANCE_S` of a keyframe, and what is blank: nobody asks with such a
    frame, and no answer to it would be right.
    """
    rng = np.random.default_rng([seed, crc32(path.name.encode())])
    by_scene: dict[int, list[ClipFrame]] = {}
    with read_frames(path, samples_per_s=FRAME_SAMPLES_PER_S, mode="every", max_side=FRAME_SIDE) as reader:
        for frame in reader:
            if not _near(frame.time_s, keyframes) and not is_blank(frame.image):
                scene = sum(keyframe.scene_start_s <= frame.time_s for keyframe in keyframes)
                by_scene.setdefault(scene, []).append(ClipFrame(path.name, frame.time_s, frame.image))
    mixed = [[shots[number] for number in rng.permutation(len(shots))] for shots in by_scene.values()]
    return round_robin(mixed)


def by_family(shots: Iterable[Sequence[ClipFrame]]) -> list[ClipFrame]:
    """Frames of all clips in turn by family, and within a family in turn by clip.

    So the first n of them treat all families alike, however many versions one has.
    """
    families: dict[str, list[Sequence[ClipFrame]]] = {}
    for clip in shots:
        if clip:
            families.setdefault(clip[0].family, []).append(clip)
    return round_robin([round_robin(clips) for clips in families.values()])


def round_robin(lists: Iterable[Sequence[T]]) -> list[T]:
    """The first of each list, then the second of each, until all are empty."""
    rows = [list(items) for items in lists]
    longest = max(map(len, rows), default=0)
    return [items[turn] for turn in range(longest) for items in rows if turn < len(items)]


def _near(time_s: float, keyframes: Sequence[SceneKeyframe]) -> bool:
    return any(abs(time_s - keyframe.time_s) < KEYFRAME_DISTANCE_S for keyframe in keyframes)
