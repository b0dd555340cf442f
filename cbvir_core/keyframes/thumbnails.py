"""Thumbnails of the frames that keyframes are chosen from, attached to the keyframe of their scene.

With them a query later finds the moment within the scene, and whether the scene ever shows the whole picture,
without the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from cbvir_core.keyframes.scene_samples import SceneSamples, span_ends
from cbvir_core.types import Grey, Keyframe, Thumbnails

MAX_SCENE_THUMBNAILS = 256
"""Thumbnails of one scene at most; in a longer scene every second one is left out, repeatedly."""


class ThumbnailTrack:
    """The thumbnails of the scene that lasts, at most twice `MAX_SCENE_THUMBNAILS` of them."""

    def __init__(self) -> None:
        self._samples = SceneSamples[Grey](MAX_SCENE_THUMBNAILS)

    def __len__(self) -> int:
        return len(self._samples)

    def push(self, time_s: float, thumbnail: Grey) -> None:
        """Add the thumbnail of a sample; samples come in the order of time."""
        self._samples.push(time_s, thumbnail)

    def cut(self, keyframes: Sequence[Keyframe], *, last: bool = False) -> list[Keyframe]:
        """Return the keyframes, whose spans follow one another, each with the thumbnails of its span.

        What lies at the end of a span belongs to the next; at the end of the video (`last`) to the last.
        """
        ends = span_ends(keyframes, last=last)
        return [replace(keyframe, thumbnails=self._until(end_s)) for keyframe, end_s in ends]

    def _until(self, end_s: float) -> Thumbnails | None:
        taken = self._samples.take_until(end_s)
        if not taken:
            return None
        height, width = taken[0].kept.shape  # in a video that changes its size, the first one's
        frames = [cv2.resize(one.kept, (width, height), interpolation=cv2.INTER_AREA) for one in taken]
        return Thumbnails(np.array([one.time_s for one in taken]), np.asarray(np.stack(frames), np.uint8))
