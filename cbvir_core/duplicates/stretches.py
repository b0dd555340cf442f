"""Stretches: parts of a video that are compared with the library one after the other.

A stretch is what one step holds in memory, and what is done again where a step was cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cbvir_core.store import KeyframeRow
from cbvir_core.types import Span, VideoId

STRETCH_S = 90.0
"""Seconds of a stretch, to the end of a scene: matrices of a few hundred frames each way."""

CONTEXT_S = 6.0
"""Seconds before and after a stretch that are compared with it, so that what is shared across its ends is
seen whole once; what is found twice is joined later."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Scenes of a video that follow one another; with `done` of the video's scenes everything up to here is.

    `scenes` begin before and end after the part that is the stretch's own.
    """

    video_id: VideoId
    scenes: tuple[KeyframeRow, ...] = field(repr=False)
    done: int

    @property
    def span(self) -> Span:
        """Start and end in the video."""
        return self.scenes[0].scene_start_s, self.scenes[-1].scene_end_s


def next_stretch(video_id: VideoId, scenes: Sequence[KeyframeRow], done: int) -> Stretch:
    """Return the stretch after the first `done` of the scenes of a video; there are more scenes than that."""
    start_s = scenes[done].scene_start_s
    end = done + 1
    while end < len(scenes) and scenes[end].scene_end_s <= start_s + STRETCH_S:
        end += 1
    end_s = scenes[end - 1].scene_end_s
    first, last = done, end
    while first > 0 and scenes[first - 1].scene_end_s > start_s - CONTEXT_S:
        first -= 1
    while last < len(scenes) and scenes[last].scene_start_s < end_s + CONTEXT_S:
        last += 1
    return Stretch(video_id, tuple(scenes[first:last]), end)
