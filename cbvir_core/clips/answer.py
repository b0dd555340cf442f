"""What is said of a clip: which part of it is which part of which video."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cbvir_core.types import Image, Span, Verdict, VideoId


@dataclass(frozen=True, slots=True)
class ClipHit:
    """A part of a clip that a part of a video shows.

    - `clip`: start and end in the clip, `span`: in the video, seconds.
    - `speed`: seconds of the video for a second of the clip; 1 for a copy that was not changed.
    - `is_reversed`, `is_mirrored`: whether the clip shows it backwards, or with left and right exchanged.
    - `probability`: how probably the video shows it, in [0, 1].
    - `sheet`: the evidence as a picture, RGB, where it was asked for.
    """

    rank: int
    video_id: VideoId
    path: Path
    clip: Span
    span: Span
    speed: float
    is_reversed: bool
    is_mirrored: bool
    probability: float
    verdict: Verdict
    sheet: Image | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """Where the parts of a clip appear, the most probable first.

    - `duration_s`: of the clip; `frames`: of it that were compared.
    - `notes`: sentences for a person.
    """

    verdict: Verdict
    results: tuple[ClipHit, ...]
    duration_s: float
    frames: int
    took_ms: float
    notes: tuple[str, ...] = ()
