"""Query frames: from between the keyframes, spread over the scenes, and not blank."""

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
"""Longer side in pixels of query frames before they are perturbed: what people save from a player."""

FRAME_SAMPLES_PER_S = 5.0

KEYFRAME_DISTANCE_S = 0.15
"""Least distance in seconds of a query frame from every keyframe of its clip."""


class SceneKeyframe(Protocol):
    """A keyframe, as it is extracted or as a library keeps it."""

    @property
    def time_s(self) -> float:
        """The time of the keyframe."""

    @property
    def scene_start_s(self) -> float:
        """The start of its scene."""


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
        """Its unique name."""
        return f"{self.clip}@{self.time_s:.3f}"


def frames_between(path: Path, keyframes: Sequence[SceneKeyframe], seed: int) -> list[ClipFrame]:
    """Return frames of one clip in a seeded order that takes its scenes in turn.

    Left out are frames within `KEYFRAME_DISTANCE_S` of a keyframe, and blank frames: people do not search
    with them, and no answer to them would be right.
    """
    rng = np.random.default_rng([seed, crc32(path.name.encode())])
    by_scene: dict[int, list[ClipFrame]] = {}
    with read_frames(path, samples_per_s=FRAME_SAMPLES_PER_S, mode="every", max_side=FRAME_SIDE) as reader:
        for frame in reader:
            if not _near(frame.time_s, keyframes) and not is_blank(frame.image):
                scene = sum(keyframe.scene_start_s <= frame.time_s for keyframe in keyframes)
                by_scene.setdefault(scene, []).append(ClipFrame(path.name, frame.time_s, frame.image))
    mixed = [[frames[number] for number in rng.permutation(len(frames))] for frames in by_scene.values()]
    return round_robin(mixed)


def by_family(frames: Iterable[Sequence[ClipFrame]]) -> list[ClipFrame]:
    """Return frames of all clips, the families in turn, and within a family the clips in turn.

    So the first n of them treat all families alike, however many versions a family has.
    """
    families: dict[str, list[Sequence[ClipFrame]]] = {}
    for clip in frames:
        if clip:
            families.setdefault(clip[0].family, []).append(clip)
    return round_robin([round_robin(clips) for clips in families.values()])


def round_robin(lists: Iterable[Sequence[T]]) -> list[T]:
    """Return the first item of each list, then the second of each, until all are used."""
    rows = [list(items) for items in lists]
    longest = max(map(len, rows), default=0)
    return [items[turn] for turn in range(longest) for items in rows if turn < len(items)]


def _near(time_s: float, keyframes: Sequence[SceneKeyframe]) -> bool:
    return any(abs(time_s - keyframe.time_s) < KEYFRAME_DISTANCE_S for keyframe in keyframes)
