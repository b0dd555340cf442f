"""One frame of a film as a picture, for comparison with a query."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cbvir_core.decode import probe
from cbvir_core.errors import CbvirError
from cbvir_core.localise.frames import picture_at
from cbvir_core.localise.work import LAST_RESORT_S, MAX_FRAMES_DECODED, TimeBudget, WorkBudget
from cbvir_core.types import Image, VideoId


def read_picture_at(
    path: Path, time_s: float, video_id: VideoId, budget_s: float = LAST_RESORT_S
) -> Image | None:
    """Return the frame at a time, at most as large as a still; None where it cannot be read.

    None as well where the file is another video now.
    """
    with suppress(CbvirError):
        info = probe(path)
        if info.video_id == video_id:
            return picture_at(info, time_s, WorkBudget(MAX_FRAMES_DECODED, TimeBudget(budget_s)))[0]
    return None
