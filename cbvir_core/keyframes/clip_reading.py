"""Decoding a clip that is asked with: its samples, and the cut that is nearest to a time.

Strangers make clips.  The service has other processes decode them, and so hands other functions in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import SpanReader, probe, thumbnail
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.keyframes.pipeline import IngestProgress, KeyframeReader
from cbvir_core.types import Frame, VideoInfo

CLIP_SAMPLE_S = KeyframeOptions().sample_s
"""Seconds between two frames that are looked at: those of ingest."""

MIN_SAMPLES, MIN_SAMPLE_S = 18, 1 / 12
"""Frames that even a short clip gives, where that is not more often than the second says."""

CUT_REACH_S = 0.5
"""Seconds around a time in which a cut is looked for: samples are a third of a second apart."""

MIN_CUT_LEVELS = 12.0
"""Mean difference in grey levels of two frames from which on there may be a cut between them."""

MIN_CUT_RATIO = 3.0
"""Times the median difference of neighbouring frames around it that a cut differs by: more than motion."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipFrames:
    """An open clip: what its file is, and its samples in the order of time, without borders."""

    info: VideoInfo
    frames: Iterator[Frame]

    @property
    def sample_s(self) -> float:
        """Seconds between two samples."""
        return sample_distance_s(self.info.duration_s)


@contextmanager
def open_clip(
    path: Path, progress: IngestProgress = lambda position_s, damaged: None
) -> Iterator[ClipFrames]:
    """Open a clip; closed at the end of the block.

    Raises NotAVideo, DamagedVideo, FileUnreadable, DecodeMemory, also while frames are taken.
    """
    options = KeyframeOptions(sample_s=sample_distance_s(probe(path).duration_s))
    with KeyframeReader(path, options, progress=progress) as reader:
        yield ClipFrames(reader.info, reader.samples())


def sample_distance_s(duration_s: float | None) -> float:
    """Return the seconds between two samples of a clip of that length; None: its length is not known."""
    if duration_s is None:
        return CLIP_SAMPLE_S
    return min(CLIP_SAMPLE_S, max(MIN_SAMPLE_S, duration_s / MIN_SAMPLES))


def cut_near(path: Path, time_s: float) -> float | None:
    """Return the time of the first frame behind the cut that is nearest to a time of a video, if one is near.

    Raises what `SpanReader` raises.
    """
    with SpanReader(path, time_s - CUT_REACH_S, time_s + CUT_REACH_S, max_side=256) as frames:
        seen = [(frame.time_s, thumbnail(frame.image)) for frame in frames]
    if len(seen) < 3:
        return None
    times_s = np.array([at_s for at_s, _ in seen[1:]])
    differences = np.array([float(cv2.absdiff(one, other).mean()) for (_, one), (_, other) in pairwise(seen)])
    least = max(MIN_CUT_LEVELS, MIN_CUT_RATIO * float(np.median(differences)))
    cuts = times_s[differences >= least]
    return float(cuts[np.argmin(np.abs(cuts - time_s))]) if len(cuts) else None


@dataclass(frozen=True, slots=True)
class ClipDecoding:
    """Who decodes clips: `open` as `open_clip` does, `cut_near` as that function."""

    open: Callable[[Path], AbstractContextManager[ClipFrames]] = open_clip
    cut_near: Callable[[Path, float], float | None] = cut_near
