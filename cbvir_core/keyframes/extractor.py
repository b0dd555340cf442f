"""Samples in, keyframes with the thumbnails and frames of their scenes out."""

from __future__ import annotations

from fractions import Fraction

from cbvir_core.decode import thumbnail
from cbvir_core.keyframes.detectors import KeyframeDetector, open_detector
from cbvir_core.keyframes.frames import FrameTrack
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.keyframes.thumbnails import ThumbnailTrack
from cbvir_core.types import Frame, Grey, Image, Keyframe


class KeyframeExtractor:
    """A detector that is chosen by `KeyframeOptions.form`, and what goes with its keyframes: the
    thumbnails of their scenes, and the frames that differ.

    `push` takes frames in the order of time, at any distances (whoever reads the frames keeps to
    `KeyframeOptions.sample_s`), and returns the keyframes that became certain.  `flush` returns the rest; a
    video of one frame has one keyframe, one without frames none.  After `flush` the extractor is as new.

    Spans are in order, without gap or overlap, from the first frame to the last; a scene that comes
    back is a new span.  Pictures are the pushed ones, not copies: they must not be written to later.
    Memory does not grow with the video: to what the detector holds (`cbvir_core.keyframes.moreso`) come the
    thumbnails and frames of the scene that lasts.
    """

    def __init__(self, options: KeyframeOptions = KeyframeOptions()) -> None:
        self._options = options
        self._last: Fraction | None
        self._small: tuple[Image, Grey] | None
        self._thumbnails: ThumbnailTrack
        self._frames: FrameTrack
        self._detector: KeyframeDetector
        self._begin()

    def push(self, frame: Frame) -> list[Keyframe]:
        """Take a frame; return the keyframes of scenes that are over.

        Raises ValueError if the frame is older than the one before.
        """
        if self._last is not None and frame.time < self._last:
            raise ValueError(f"frame at {frame.time_s:.3f} s came after one at {float(self._last):.3f} s")
        self._last = frame.time
        if self._small is None or self._small[0] is not frame.image:  # the film does not stand still
            self._small = frame.image, thumbnail(frame.image)
        small = self._small[1]
        self._thumbnails.push(frame.time_s, small)
        self._frames.push(frame, small)
        return self._cut(self._detector.push(frame))

    def flush(self) -> list[Keyframe]:
        """Return the keyframes of what is still open, at the end of the video."""
        keyframes = self._cut(self._detector.flush(), last=True)
        self._begin()
        return keyframes

    def _cut(self, keyframes: list[Keyframe], *, last: bool = False) -> list[Keyframe]:
        return self._frames.cut(self._thumbnails.cut(keyframes, last=last), last=last)

    def _begin(self) -> None:
        self._last = None
        self._small = None
        self._thumbnails = ThumbnailTrack()
        self._frames = FrameTrack()
        self._detector = open_detector(self._options)
