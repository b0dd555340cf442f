"""Thumbnails of the frames that keyframes are chosen from, handed on with the keyframe of their scene.

They say later when within the scene a picture is shown, and whether the scene ever shows all of it, without
the file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from cbvir_core.decode import thumbnail
from cbvir_core.types import Frame, Grey, Keyframe, Thumbnails

MAX_SCENE_THUMBNAILS = 256
"""Thumbnails of one scene; of a longer one every second is left out, as often as needed."""


class _Seen(NamedTuple):
    number: int  # in the video
    time_s: float
    picture: Grey


class ThumbnailTrack:
    """Frames in, and keyframes with the thumbnails of their spans out; holds at most twice `MAX_SCENE_THUMBNAILS`."""

    def __init__(self) -> None:
        self._waiting: list[_Seen] = []
        self._pushed = 0

    def push(self, frame: Frame) -> None:
        """Takes a frame, in the order of time."""
        if len(self._waiting) == 2 * MAX_SCENE_THUMBNAILS:
            self._waiting = _thinned(self._waiting)
        self._waiting.append(_Seen(self._pushed, frame.time_s, thumbnail(frame.image)))
        self._pushed += 1

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
        count = sum(seen.time_s < end_s for seen in self._waiting)
        taken, self._waiting = _thinned(self._waiting[:count]), self._waiting[count:]
        if not taken:
            return None
        height, width = taken[0].picture.shape  # in a video that changes its size, the first one's
        frames = [cv2.resize(seen.picture, (width, height), interpolation=cv2.INTER_AREA) for seen in taken]
        return Thumbnails(np.array([seen.time_s for seen in taken]), np.asarray(np.stack(frames), np.uint8))


def _thinned(waiting: list[_Seen]) -> list[_Seen]:
    """At most `MAX_SCENE_THUMBNAILS`, the first among them: every 2nd, 4th, 8th... frame by its number.

    So what was thinned before and what came since are equally dense.
    """
    step = 1
    while waiting and waiting[-1].number - waiting[0].number >= step * MAX_SCENE_THUMBNAILS:
        step *= 2
    return [seen for seen in waiting if (seen.number - waiting[0].number) % step == 0]
