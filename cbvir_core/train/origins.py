"""Which pictures come from one scene or one source, told by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

_FRAME = re.compile(r"(?P<clip>.+)@(?P<scene>\d+)@\d+\.\d{3}", re.DOTALL)


def frame_name(clip: str, scene: int, time_s: float) -> str:
    """What a frame of a clip is called: ``holiday.mp4@2@31.500`` lies in the third scene."""
    return f"{clip}@{scene}@{time_s:.3f}"


def source_of(clip: str) -> str:
    """What clips share that are encodings or neighbours of one another.

    Clips that are named ``SOURCE--anything`` go by their source; others by their stem, so that a file
    stays what it is when it is converted to another container.
    """
    source, marked, _ = clip.partition("--")
    return source if marked else Path(clip).stem


@dataclass(frozen=True)
class PictureOrigins:
    """Where each of N pictures comes from, as numbers that are equal for equal origins, int64 N.

    Pictures of one `scene` are positives of each other; pictures of one `source` (a clip and what
    belongs to it) are never negatives of each other.  A photograph is a source and a scene of its own.
    """

    source: Tensor
    scene: Tensor

    @classmethod
    def of(cls, names: Sequence[str]) -> PictureOrigins:
        """Of pictures with these names; frames are told by `frame_name`."""
        frames = [_FRAME.fullmatch(name) for name in names]
        sources = [("clip", source_of(f["clip"])) if f else n for n, f in enumerate(frames)]
        scenes = [(f["clip"], f["scene"]) if f else n for n, f in enumerate(frames)]
        return cls(_numbered(sources), _numbered(scenes))

    def mates(self) -> dict[int, list[int]]:
        """For every picture that has others of its scene, their numbers."""
        together: dict[int, list[int]] = {}
        for picture, scene in enumerate(self.scene.tolist()):
            together.setdefault(scene, []).append(picture)
        groups = [group for group in together.values() if len(group) > 1]
        return {one: [other for other in group if other != one] for group in groups for one in group}


def _numbered(keys: Sequence[object]) -> Tensor:
    numbers: dict[object, int] = {}
    return torch.tensor([numbers.setdefault(key, len(numbers)) for key in keys], dtype=torch.int64)
