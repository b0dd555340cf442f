"""Frames of a film as pictures, for comparison with a query."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cbvir_core.decode import probe
from cbvir_core.errors import CbvirError
from cbvir_core.localise.frames import HeldFrames, hold_frames, picture_at
from cbvir_core.localise.work import LAST_RESORT_S, MAX_FRAMES_DECODED, TimeBudget, WorkBudget
from cbvir_core.types import Image, VideoId, VideoInfo

NEIGHBOUR_S = 0.70
"""Seconds to each side of a sampled frame in which the two nearest samples lie, three a second: what
thumbnails then say is likely need not be decoded again."""


def read_picture_at(
    path: Path, time_s: float, video_id: VideoId, budget_s: float = LAST_RESORT_S
) -> Image | None:
    """Return the frame at a time, at most as large as a still; None where it cannot be read.

    None as well where the file is another video now.
    """
    with suppress(CbvirError):
        if (info := _probed(path, video_id)) is not None:
            return picture_at(info, time_s, _work(budget_s))[0]
    return None


def hold_frames_around(
    path: Path, time_s: float, video_id: VideoId, budget_s: float = LAST_RESORT_S
) -> HeldFrames | None:
    """Return the frames up to the second sampled ones before and after a time; None as `read_picture_at`."""
    with suppress(CbvirError):
        if (info := _probed(path, video_id)) is not None:
            span = (max(0.0, time_s - NEIGHBOUR_S), time_s + NEIGHBOUR_S)
            return hold_frames(info, span, _work(budget_s))
    return None


def _probed(path: Path, video_id: VideoId) -> VideoInfo | None:
    info = probe(path, like=video_id)
    return info if info.video_id == video_id else None


def _work(budget_s: float) -> WorkBudget:
    return WorkBudget(MAX_FRAMES_DECODED, TimeBudget(budget_s))
