"""Made-up candidates of a query, for tests of what is made of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from cbvir_core.search.answer import Candidate
from cbvir_core.store import KeyframeRow, VideoRecord
from cbvir_core.types import KeyframeId, Rows, VideoId, VideoInfo


def candidate(row: int, video: str, score: float) -> Candidate:
    """The scene of row `row`, which begins at as many seconds and lasts one."""
    info = VideoInfo(
        Path(f"/{video}"), VideoId(video), 1, "mp4", "h264", 64, 36, 0, *[Fraction(1)] * 3, 9.0, 25.0
    )
    record = VideoRecord.new(info, 0.0).with_path(info.path)
    keyframe = KeyframeRow(row, KeyframeId(VideoId(video), row), float(row), float(row), row + 1.0, 1.0)
    return Candidate(keyframe, record, score, "plain")


def unit(angles: list[float]) -> Rows:
    """Descriptors whose cosines are those of the differences of angles."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32).reshape(-1, 2)
