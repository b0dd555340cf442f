"""Frames that show something else than those before, attached to the keyframe of their scene.

The library makes short codes of them, by which a query finds any view of a film and not only its keyframes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from cbvir_core.decode import fit_within, views_differ
from cbvir_core.keyframes.scene_samples import NumberedSample, SceneSamples, span_ends
from cbvir_core.types import Frame, Grey, Image, Keyframe, SampledFrames

FRAME_SIDE = 256
"""Longer side in pixels of the pictures that codes are made of."""

MAX_SCENE_FRAMES = 128
"""Frames of one scene at most; of a scene with more samples every second one is left out, repeatedly, before
frames are chosen.  By default a scene has at most 45 samples."""


class _Sample(NamedTuple):
    picture: Image
    thumbnail: Grey


class FrameTrack:
    """The samples of the scene that lasts, at most twice `MAX_SCENE_FRAMES` pictures.

    Which frames of a scene are kept follows from the samples of that scene alone, so that whoever reads the
    scene later keeps the same.
    """

    def __init__(self) -> None:
        self._samples = SceneSamples[_Sample](MAX_SCENE_FRAMES)
        self._last: tuple[Image, _Sample] | None = None

    def push(self, frame: Frame, thumbnail: Grey) -> None:
        """Add a sample with its thumbnail; samples come in the order of time."""
        if self._last is None or self._last[0] is not frame.image or self._last[1].thumbnail is not thumbnail:
            self._last = frame.image, _Sample(fit_within(frame.image, FRAME_SIDE), thumbnail)
        self._samples.push(frame.time_s, self._last[1])

    def cut(self, keyframes: Sequence[Keyframe], *, last: bool = False) -> list[Keyframe]:
        """Return the keyframes, whose spans follow one another, each with the frames of its span.

        What lies at the end of a span belongs to the next; at the end of the video (`last`) to the last.
        """
        ends = span_ends(keyframes, last=last)
        return [replace(keyframe, frames=self.take_until(end_s)) for keyframe, end_s in ends]

    def take_until(self, end_s: float) -> SampledFrames | None:
        """Take out the samples before `end_s`; return the frames among them that are kept, if any."""
        kept = list(_differing(self._samples.take_until(end_s)))
        if not kept:
            return None
        height, width = kept[0].kept.picture.shape[:2]  # in a video that changes its size, the first one's
        pictures = [
            cv2.resize(one.kept.picture, (width, height), interpolation=cv2.INTER_AREA) for one in kept
        ]
        times_s = np.array([one.time_s for one in kept])
        return SampledFrames(times_s, np.asarray(np.stack(pictures), np.uint8))


def _differing(samples: list[NumberedSample[_Sample]]) -> Iterator[NumberedSample[_Sample]]:
    """Yield the first sample, and each that differs from the last one yielded."""
    last: Grey | None = None
    for sample in samples:
        same = last is sample.kept.thumbnail  # where the film stands still
        if last is None or (not same and views_differ(last, sample.kept.thumbnail)):
            last = sample.kept.thumbnail
            yield sample
