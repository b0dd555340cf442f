"""The frames of a part of a film, grey and as small as thumbnails, with the pictures of a few of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import cv2
import numpy as np

from cbvir_core.decode import STILL_SIDE
from cbvir_core.decode.scale import fit_size
from cbvir_core.decode.span import SpanReader
from cbvir_core.geometry import Size
from cbvir_core.localise.work import WorkBudget
from cbvir_core.types import Grey, Image, Span, VideoInfo

MAX_FRAMES_HELD = 750
"""Frames held at once, 30 s of film: at most 7 MB, and 28 MB of the largest."""

MAX_PICTURES_HELD = 96
"""Frames of which the picture is held too, the first that are read: 57 MB at most.  They are those between
four thumbnails of the likeliest place; where the best frame is another one, it is decoded again."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameSequence:
    """Frames in the order of time, all of one size.

    `complete` says that they are all that there are, `decoded` how many were decoded to get them.
    `pictures` holds, by time, what some of them show: RGB, of the size of a still.
    """

    times_s: tuple[float, ...] = ()
    frames: tuple[Grey, ...] = field(default=(), repr=False)
    complete: bool = True
    decoded: int = 0
    pictures: Mapping[float, Image] = field(default_factory=dict, repr=False)

    def nearest(self, time_s: float) -> int:
        """Return the index of the frame nearest to a time."""
        return int(np.argmin(np.abs(np.array(self.times_s) - time_s)))

    def joined(self, other: FrameSequence) -> FrameSequence:
        """Return the frames of both in the order of time; of two at one time the other's is kept."""
        frames = dict(zip(self.times_s + other.times_s, self.frames + other.frames, strict=True))
        times_s = tuple(sorted(frames))
        pictures = {**self.pictures, **other.pictures}
        return FrameSequence(
            times_s=times_s,
            frames=tuple(frames[time_s] for time_s in times_s),
            complete=self.complete and other.complete,
            decoded=self.decoded + other.decoded,
            pictures=dict(islice(pictures.items(), MAX_PICTURES_HELD)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class HeldFrames:
    """Every frame of a span that was decoded before: `pictures` by time, RGB, of the size of a still."""

    span: Span
    pictures: Mapping[float, Image] = field(repr=False)

    def nearest_picture(self, time_s: float) -> Image:
        """Return the picture nearest to a time.  Raises ValueError where none is held."""
        return self.pictures[min(self.pictures, key=lambda held_s: abs(held_s - time_s))]

    def sequence(self, span: Span, size: Size) -> FrameSequence | None:
        """Return what `read_frame_sequence` would read of a span; None where not all of it is held."""
        if not (self.span[0] <= span[0] and span[1] <= self.span[1]):
            return None
        pictures = {at_s: shown for at_s, shown in self.pictures.items() if span[0] <= at_s <= span[1]}
        frames = tuple(_grey(shown, size) for shown in pictures.values())
        return FrameSequence(tuple(pictures), frames, pictures=pictures)


def hold_frames(info: VideoInfo, span: Span, work: WorkBudget) -> HeldFrames | None:
    """Decode a span; None where `work` is spent before, or there are more frames than pictures are held."""
    still = fit_size(info.width, info.height, STILL_SIDE)
    read = read_frame_sequence(info, span, work, still)
    if not read.frames or not read.complete or len(read.pictures) < len(read.frames):
        return None
    return HeldFrames(span, read.pictures)


def read_frame_sequence(
    info: VideoInfo, span: Span, work: WorkBudget, size: Size, *, only_keys: bool = False
) -> FrameSequence:
    """Read the frames of a span until all are read, `work` is spent, or `MAX_FRAMES_HELD` are held.

    With `only_keys` only intra frames are read.  All frames come out in one `size`, width and height, also in
    a video that changes its own.  Raise what `SpanReader` raises.
    """
    times_s: list[float] = []
    frames: list[Grey] = []
    pictures: dict[float, Image] = {}
    still = fit_size(info.width, info.height, STILL_SIDE)
    with SpanReader(
        info.path, *span, max_side=STILL_SIDE, only_keys=only_keys, stop=work.count_frame, info=info
    ) as reader:
        for frame in reader:
            if len(frames) == MAX_FRAMES_HELD:
                return FrameSequence(tuple(times_s), tuple(frames), False, reader.decoded, pictures)
            times_s.append(frame.time_s)
            frames.append(_grey(frame.image, size))
            if len(pictures) < MAX_PICTURES_HELD and not only_keys:
                pictures[frame.time_s] = resized(frame.image, still)
        complete = not reader.stopped
        return FrameSequence(tuple(times_s), tuple(frames), complete, reader.decoded, pictures)


def picture_at(info: VideoInfo, time_s: float, work: WorkBudget) -> tuple[Image | None, int]:
    """Decode the frame at a time again; return its picture and how many frames were decoded for it.

    The picture is None where `work` was spent before.  Raise what `SpanReader` raises.
    """
    with SpanReader(
        info.path, time_s, time_s, max_side=STILL_SIDE, stop=work.count_frame, info=info
    ) as reader:
        frame = next(reader, None)
        still = fit_size(info.width, info.height, STILL_SIDE)
        return None if frame is None else resized(frame.image, still), reader.decoded


def resized(image: Image, size: Size) -> Image:
    """Return the picture in a size; itself where it has that size."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grey(image: Image, size: Size) -> Grey:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
