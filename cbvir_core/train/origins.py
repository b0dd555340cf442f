"""Pictures of one scene or one source, recognised by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

_FRAME = re.compile(r"(?P<clip>.+)@(?P<scene>\d+)@\d+\.\d{3}", re.DOTALL)


def frame_name(clip: str, scene: int, time_s: float) -> str:
    """Return the name of a frame of a clip: ``holiday.mp4@2@31.500`` lies in the third scene."""
    return f"{clip}@{scene}@{time_s:.3f}"


def source_of(clip: str) -> str:
    """Return the source of a clip; other encodings of a film and parts of it have the same source.

    The source of ``SOURCE--anything`` is what precedes the dashes.  Other clips go by their stem, so that
    the source stays when a file is converted to another container.
    """
    source, marked, _ = clip.partition("--")
    return source if marked else Path(clip).stem


@dataclass(frozen=True)
class PictureOrigins:
    """The source and the scene of each of N pictures as numbers, int64 N; equal numbers mean the same.

    Pictures of one `scene` are positives of each other.  Pictures of one `source` are never negatives of
    each other.  A photograph is a source and a scene of its own.
    """

    source: Tensor
    scene: Tensor

    @classmethod
    def of(cls, names: Sequence[str]) -> PictureOrigins:
        """Return the origins of pictures with these names; frames are named by `frame_name`."""
        frames = [_FRAME.fullmatch(name) for name in names]
        sources = [("clip", source_of(f["clip"])) if f else n for n, f in enumerate(frames)]
        scenes = [(f["clip"], f["scene"]) if f else n for n, f in enumerate(frames)]
        return cls(_numbered(sources), _numbered(scenes))

    def mates(self) -> dict[int, list[int]]:
        """Return, for every picture that shares its scene with others, the numbers of those."""
        by_scene: dict[int, list[int]] = {}
        for picture, scene in enumerate(self.scene.tolist()):
            by_scene.setdefault(scene, []).append(picture)
        groups = [group for group in by_scene.values() if len(group) > 1]
        return {one: [other for other in group if other != one] for group in groups for one in group}


def _numbered(keys: Sequence[object]) -> Tensor:
    numbers: dict[object, int] = {}
    return torch.tensor([numbers.setdefault(key, len(numbers)) for key in keys], dtype=torch.int64)
