"""Thumbnails of the frames that keyframes are chosen from, handed on with the keyframe of their scene.

They say later when within the scene a picture is shown, and whether the scene ever shows all of it, without
the file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from cbvir_core.decode import thumbnail
from cbvir_core.decode.scale import Grey
from cbvir_core.types import Frame, Keyframe, Thumbnails

MOST = 256
"""Thumbnails of one scene; of a longer one every second is left out, as often as needed."""


class ThumbnailTrack:
    """Frames in, and keyframes with the thumbnails of their spans out; holds at most twice `MOST`."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Grey]] = []

    def push(self, frame: Frame) -> None:
        """Takes a frame, in the order of time."""
        if len(self._waiting) == 2 * MOST:
            self._waiting = self._waiting[::2]
        self._waiting.append((frame.time_s, thumbnail(frame.image)))

    def cut(self, keyframes: Sequence[Keyframe], *, last: bool = False) -> list[Keyframe]:
        """Keyframes whose spans follow one another, each with what was seen in its span.

        The frame at a span's end is the next one's first; at the end of the video (`last`) it is its own.
        """
        ends = [keyframe.scene_end_s for keyframe in keyframes]
        if last and ends:
            ends[-1] = math.inf
        pairs = zip(keyframes, ends, strict=True)
        return [replace(keyframe, thumbnails=self._until(end_s)) for keyframe, end_s in pairs]

    def _until(self, end_s: float) -> Thumbnails | None:
        count = sum(time_s < end_s for time_s, _ in self._waiting)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        taken = taken[:: -(-count // MOST) or 1]
        if not taken:
            return None
        height, width = taken[0][1].shape  # in a video that changes its size, the first one's
        frames = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for _, frame in taken]
        return Thumbnails(np.array([time_s for time_s, _ in taken]), np.asarray(np.stack(frames), np.uint8))
