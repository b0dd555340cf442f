"""When a picture is shown, how exactly that is known, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.thumbnails import ThumbnailMatch
from cbvir_core.types import Image

MIN_FRAME_FIT = 0.4
"""Fit of the best frame below which it says nothing."""

TIME_OF_KEYFRAME = "The time is the keyframe's."
TIME_OF_THUMBNAIL = "The time is that of the best of the frames that indexing looked at, {}."
NOTHING_READ = "No frame of the scene could be read."
NOTHING_CLEAR = "No frame of the scene shows the picture clearly."


@dataclass(frozen=True, slots=True)
class Moment:
    """When the picture is shown.

    `time_s` is the first of the run of frames that look like the one that fits best, and `until_s` the last
    of it: in a still shot there are many, they count as the same moment, and a person wants to know when it
    begins.  `fit` is at most 1, and 0 if no frame was compared; `explained` the share of the picture, by its
    texture, that this frame shows, 0 if none was found.  `exact` says that the picture is the whole frame,
    that all frames of the scene, or of its likely parts, were compared and that the best of them fits; if
    not, `reason` says in a sentence what `time_s` is and how exact.  A part of a frame, or one off a screen,
    can fit its neighbours as well.

    `picture` is the frame that fits best, RGB, of the size of a still, with its borders; None where no frame
    was found.
    """

    time_s: float
    until_s: float
    fit: float
    exact: bool
    frames_looked_at: int
    frames_decoded: int
    reason: str = ""
    explained: float = 0.0
    picture: Image | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KnownWithoutFile:
    """The time that is known without the file: the clear thumbnail's, or the keyframe's."""

    keyframe_s: float
    thumbnail_match: ThumbnailMatch | None

    @property
    def clear_match(self) -> ThumbnailMatch | None:
        """What thumbnails tell, if one of them shows the picture clearly."""
        match = self.thumbnail_match
        return match if match and match.fit >= MIN_FRAME_FIT else None

    def moment(self, sequence: FrameSequence, fit: float, reason: str) -> Moment:
        """Return the best that is known, with the reason why it is no more."""
        match = self.clear_match
        time_s = match.time_s if match else self.keyframe_s
        start_s, end_s = (match.run if match else None) or (time_s, time_s)
        what = TIME_OF_THUMBNAIL.format(_within(match.gap_s)) if match else TIME_OF_KEYFRAME
        return Moment(
            time_s=start_s,
            until_s=end_s,
            fit=match.fit if match else fit,
            exact=False,
            frames_looked_at=len(sequence.frames),
            frames_decoded=sequence.decoded,
            reason=f"{reason} {what}",
        )


def _within(gap_s: float) -> str:
    """Return how exact the time is that lies between thumbnails with such a gap."""
    digits = f"{gap_s / 2:.2f}".removeprefix("0")
    return f"exact to {digits} s"
