"""Thumbnails of the frames that keyframes are chosen from, attached to the keyframe of their scene.

With them a query later finds the moment within the scene, and whether the scene ever shows the whole picture,
without the file.
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
"""Thumbnails of one scene at most; in a longer scene every second one is left out, repeatedly."""


class _TimedThumbnail(NamedTuple):
    number: int  # of the frame in the video
    time_s: float
    picture: Grey


class ThumbnailTrack:
    """The thumbnails of the scene that lasts, at most twice `MAX_SCENE_THUMBNAILS` of them."""

    def __init__(self) -> None:
        self._waiting: list[_TimedThumbnail] = []
        self._pushed = 0

    def push(self, frame: Frame) -> None:
        """Add a frame; frames come in the order of time."""
        if len(self._waiting) == 2 * MAX_SCENE_THUMBNAILS:
            self._waiting = _thinned(self._waiting)
        self._waiting.append(_TimedThumbnail(self._pushed, frame.time_s, thumbnail(frame.image)))
        self._pushed += 1

    def cut(self, keyframes: Sequence[Keyframe], *, last: bool = False) -> list[Keyframe]:
        """Return the keyframes, whose spans follow one another, each with the thumbnails of its span.

        The frame at the end of a span belongs to the next span.  At the end of the video (`last`) it belongs
        to the last span.
        """
        ends = [keyframe.scene_end_s for keyframe in keyframes]
        if last and ends:
            ends[-1] = math.inf
        pairs = zip(keyframes, ends, strict=True)
        return [replace(keyframe, thumbnails=self._until(end_s)) for keyframe, end_s in pairs]

    def _until(self, end_s: float) -> Thumbnails | None:
        count = sum(one.time_s < end_s for one in self._waiting)
        taken, self._waiting = _thinned(self._waiting[:count]), self._waiting[count:]
        if not taken:
            return None
        height, width = taken[0].picture.shape  # in a video that changes its size, the first one's
        frames = [cv2.resize(one.picture, (width, height), interpolation=cv2.INTER_AREA) for one in taken]
        return Thumbnails(np.array([one.time_s for one in taken]), np.asarray(np.stack(frames), np.uint8))


def _thinned(waiting: list[_TimedThumbnail]) -> list[_TimedThumbnail]:
    """Return at most `MAX_SCENE_THUMBNAILS`, with the first: every 2nd, 4th, 8th... frame by its number.

    Counting by frame number keeps thumbnails that were thinned before and those added since equally dense.
    """
    step = 1
    while waiting and waiting[-1].number - waiting[0].number >= step * MAX_SCENE_THUMBNAILS:
        step *= 2
    return [one for one in waiting if (one.number - waiting[0].number) % step == 0]
