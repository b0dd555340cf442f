"""The values that several packages share.

All classes are frozen.  Seconds are ``float`` and end in ``_s``; images are RGB ``uint8`` arrays of shape
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
    """What an answer claims.  `match` is better than `likely`, and `likely` than `none`."""

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
    """Grey thumbnails of the samples of a scene: `times_s` ascending (N), `frames` N x H x W."""

    times_s: npt.NDArray[np.float64]
    frames: npt.NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)

    def evenly(self, most: int) -> list[int]:
        """Return the numbers of at most `most` thumbnails, evenly spread, with the first and the last."""
        return [round(place) for place in np.linspace(0, len(self) - 1, min(len(self), most)).tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class SampledFrames:
    """Samples of a scene whose view differs from those kept before: `times_s` ascending (N), `pictures` RGB
    uint8, N x H x W x 3."""

    times_s: npt.NDArray[np.float64]
    pictures: npt.NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass(frozen=True, slots=True, eq=False)
class FrameCodes:
    """Short codes of the frames of a scene: `times_s` ascending (N), `codes` uint8, N x VIEWS x BYTES.

    View 0 of a frame is the whole of it, the others are regions of a grid.  Only the codec that made the
    bytes reads them.  N is 0 for a scene of which no frame could be read.
    """

    times_s: npt.NDArray[np.float64]
    codes: npt.NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The picture that stands for one scene, and the span of that scene.

    ``scene_start_s <= time_s <= scene_end_s``.  `quality` is in [0, 1]: 0 for a frame without content
    (black, white, one colour), which stands for its span but is never searched; higher for a sharp one.
    `thumbnails` show the samples of the scene, `frames` those of them that differ; None where these are not
    known.
    """

    time_s: float
    scene_start_s: float
    scene_end_s: float
    image: Image = field(repr=False, compare=False)
    quality: float = 1.0
    thumbnails: Thumbnails | None = field(default=None, repr=False, compare=False)
    frames: SampledFrames | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class KeyframeId:
    """The public name of a keyframe: its video and its number in that video, written ``5f3a...:41``."""

    video: VideoId
    number: int

    def __str__(self) -> str:
        return f"{self.video}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> KeyframeId:
        """Read what ``str`` wrote.  Raises ValueError for any other text."""
        video, _, number = text.rpartition(":")
        if not video or not number.isdecimal():
            raise ValueError(f"not a keyframe id: {text!r}")
        return cls(VideoId(video), int(number))


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What `cbvir_core.decode.probe` reads from a file without decoding it.

    - `start`: the container's own start, which every presentation time is counted from.
    - `rotation`: degrees clockwise by which a player turns the picture.
    - `width`, `height`: those of the upright picture with square pixels.
    - `duration_s`, `frames_per_s`: None where the file does not say.
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
    """Where a picture and a still, or the very frame, agree, point by point.

    - `inliers`: number of points that agree.
    - `region`: left, top, right, bottom of the part of the picture that shows the still, in its pixels.
    - `homography`: 3 x 3, from pixels of the picture to pixels of the still.  Its determinant is negative
      where the picture is mirrored.
    - `lines`: N x 4; for each inlier x and y in the picture, x and y in the still.
    """

    inliers: int
    region: tuple[float, float, float, float]
    homography: npt.NDArray[np.float64] = field(repr=False, compare=False)
    lines: Rows = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A scene of another video that shows the same as a hit: a title card, a logo, a copy."""

    keyframe_id: KeyframeId
    path: Path
    time_s: float
    scene_start_s: float
    scene_end_s: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One scene in which the picture appears.

    - `probability`: how probably the scene shows the picture, in [0, 1].
    - `variant`: how the picture differs from the frame: ``plain`` where it does not, else what applies of
      ``region`` (a part of it was looked for), ``borders_removed`` (bars around it were cut off),
      ``turned_90``, ``turned_180`` or ``turned_270`` (clockwise by so many degrees) and ``mirrored`` (after
      turning), in this order, joined by ``+``.  Where local features agree, they decide how the picture was
      turned and mirrored.
    - `evidence`: None where local features were not compared, and where they do not agree.
    - `time_s`: the keyframe's time.  For the most probable hits, whose scenes are decoded again, it is that
      of the frame that fits best, the first of those in a row that look the same.
    - `until_s`: the time of the last of these; None where the time is the keyframe's.
    - `exact`: whether that frame is certain.
    - `time_note`: what the time is otherwise, for example that of a thumbnail, where the file is offline or
      the search for the exact moment ran out of time.
    - `occurrences`: scenes of many other videos that show the same picture and are no hits of their own.
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
    until_s: float | None = None
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def score(self) -> float:
        """The `probability`, by the name that it has in the JSON of an answer."""
        return self.probability


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video and the hits in it, in order of time."""

    video_id: VideoId
    path: Path
    scenes: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a picture appears: at most one hit per scene, best first.

    - `took_ms`, `stages_ms`: milliseconds of the whole query and of each stage.
    - `keyframes_searched`: keyframes among which neighbours were looked for; `shortlisted` of them are in the
      shortlist.
    - `refined`: whether SOLAR took part.
    - `notes`: sentences for a person, for example that the profile has no SOLAR weights.
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
        hits_of: dict[VideoId, list[Hit]] = {}
        for hit in self.results:
            hits_of.setdefault(hit.keyframe_id.video, []).append(hit)
        return tuple(
            FoundVideo(video_id, hits[0].path, tuple(sorted(hits, key=lambda hit: hit.time_s)))
            for video_id, hits in hits_of.items()
        )
