"""The nouns that travel between the rooms.

All are frozen.  Seconds are ``float`` and end in ``_s``; images are RGB ``uint8`` arrays of shape
H x W x 3; descriptors are ``float32`` rows of unit L2 norm unless the name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import NewType

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""RGB, H x W x 3."""

Grey = npt.NDArray[np.uint8]
"""One channel, H x W."""

Rows = npt.NDArray[np.float32]
"""Descriptors, one per row: N x D, each of unit L2 norm."""

RowNumbers = npt.NDArray[np.int64]
"""Row numbers of keyframes in the store."""

RowMask = npt.NDArray[np.bool_]
"""One truth value per row number."""

Floats = npt.NDArray[np.float32]
"""Other figures, in the shape that the place of use names."""

Span = tuple[float, float]
"""Start and end in seconds."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom lie outside."""

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture as it is shown (EXIF rotation done)."""

VideoId = NewType("VideoId", str)
"""Hexadecimal content fingerprint (`cbvir_core.decode.fingerprint`): the same bytes, the same id."""


class Verdict(StrEnum):
    """What an answer claims.  Ordered: `match` is better than `likely`, `likely` than `none`."""

    MATCH = "match"
    LIKELY = "likely"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture, upright and with square pixels.

    `time` is the presentation time as a player shows it: the container's PTS, exact, counted from
    the container's own start.
    """

    time: Fraction
    image: Image

    @property
    def time_s(self) -> float:
        """The presentation time in seconds."""
        return float(self.time)


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnails:
    """Frames of a scene that were looked at, tiny and grey: `times_s` ascending (N), `frames` N x H x W."""

    times_s: npt.NDArray[np.float64]
    frames: npt.NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The picture that stands for one scene, and the span of that scene.

    ``scene_start_s <= time_s <= scene_end_s``.  `quality` is in [0, 1]: 0 for a frame without content
    (black, white, one colour), which stands for its span but is never searched; higher for a sharp one.
    `thumbnails` are what else was seen of the scene, None where that is not known.
    """

    time_s: float
    scene_start_s: float
    scene_end_s: float
    image: Image = field(repr=False, compare=False)
    quality: float = 1.0
    thumbnails: Thumbnails | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class KeyframeId:
    """A keyframe's public name: its video and its number in that video, written ``5f3a...:41``."""

    video: VideoId
    number: int

    def __str__(self) -> str:
        return f"{self.video}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> KeyframeId:
        """The inverse of ``str``.  Raises ValueError on anything else."""
        video, _, number = text.rpartition(":")
        if not video or not number.isdecimal():
            raise ValueError(f"not a keyframe id: {text!r}")
        return cls(VideoId(video), int(number))


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What `cbvir_core.decode.probe` learns of a file without decoding it.

    `start` is the container's own start, which every presentation time is counted from.
    `rotation` is in degrees clockwise that a player turns the picture by; `width` and `height` are
    those of the upright picture with square pixels.  `duration_s` is None where the file does not
    say.
    """

    path: Path
    video_id: VideoId
    size_bytes: int
    container: str
    codec: str
    width: int
    height: int
    rotation: int
    sample_aspect: Fraction
    time_base: Fraction
    start: Fraction
    duration_s: float | None
    frames_per_s: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a picture and a still agree, point by point.

    - `inliers`: points that agree.
    - `region`: left, top, right, bottom of the picture's part that shows the still, in its pixels.
    - `homography`: 3 x 3, from pixels of the picture to pixels of the still; of negative determinant
      where the picture is mirrored.
    - `lines`: N x 4, x and y in the picture, x and y in the still, of each inlier.
    """

    inliers: int
    region: tuple[float, float, float, float]
    homography: npt.NDArray[np.float64] = field(repr=False, compare=False)
    lines: Rows = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Another scene, of another video, that shows what a hit shows: a title card, a logo, a copy."""

    keyframe_id: KeyframeId
    path: Path
    time_s: float
    scene_start_s: float
    scene_end_s: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One scene in which the picture appears.

    `probability` says how probably it does, in [0, 1].  `evidence` is None where local features were not
    compared, and where they do not agree.  `time_s` is the keyframe's, unless the scene was looked at again:
    then it is that of the frame that fits best, `exact` where that is sure, and `time_note` says what else
    it is: the time of a thumbnail, where the file is offline or time was over.  `occurrences` are the scenes
    of many other videos that show the same picture; they are no hits of their own.
    """

    rank: int
    keyframe_id: KeyframeId
    path: Path
    time_s: float
    scene_start_s: float
    scene_end_s: float
    probability: float
    verdict: Verdict
    variant: str
    evidence: Evidence | None = None
    exact: bool = False
    time_note: str = ""
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def score(self) -> float:
        """`probability`, by its name in the JSON of an answer."""
        return self.probability


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video with the hits of an answer that lie in it, in order of time."""

    video_id: VideoId
    path: Path
    scenes: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a picture appears: at most one hit per scene, best first.

    `refined` says whether SOLAR took part; `notes` are sentences for a person (a profile without
    SOLAR weights, say).
    """

    verdict: Verdict
    results: tuple[Hit, ...]
    took_ms: float
    stages_ms: dict[str, float]
    keyframes_searched: int
    shortlisted: int
    profile: str
    refined: bool
    notes: tuple[str, ...] = ()

    @property
    def videos(self) -> tuple[FoundVideo, ...]:
        """The results by video: the video of the best one first, the scenes of each in order of time."""
        scenes: dict[VideoId, list[Hit]] = {}
        for hit in self.results:
            scenes.setdefault(hit.keyframe_id.video, []).append(hit)
        return tuple(
            FoundVideo(video_id, found[0].path, tuple(sorted(found, key=lambda hit: hit.time_s)))
            for video_id, found in scenes.items()
        )
