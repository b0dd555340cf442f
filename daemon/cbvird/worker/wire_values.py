"""Values in the headers of a worker's messages, as JSON holds them; what comes from a worker is checked."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from cbvir_core.decode import FinishedFile
from cbvir_core.types import Box, VideoId, VideoInfo

FINGERPRINT = re.compile("[0-9a-f]{32}")
"""The id of a content, as `cbvir_core.decode.fingerprint` makes it."""


def time_or_none_of(value: Any) -> float | None:
    """Return a time or None.  Raises ValueError."""
    if value is not None and not (isinstance(value, float) and math.isfinite(value)):
        raise ValueError(f"a cut at {value}")
    return value


def box_of(sides: Any) -> Box:
    """Return a box.  Raises ValueError."""
    match sides:
        case [int(left), int(top), int(right), int(bottom)] if 0 <= left < right and 0 <= top < bottom:
            return left, top, right, bottom
        case _:
            raise ValueError(f"borders at {sides}")


def finished_file_of(fields: Any) -> FinishedFile:
    """Return what a file that grew is in the end.  Raises ValueError."""
    match fields:
        case {"video_id": str(video_id), "size_bytes": int(size_bytes), "mtime_ns": int(mtime_ns)} if (
            FINGERPRINT.fullmatch(video_id)
        ):
            return FinishedFile(VideoId(video_id), size_bytes, mtime_ns)
        case _:
            raise ValueError(f"a finished file {str(fields)[:200]}")


def fields_of_info(info: VideoInfo) -> dict[str, Any]:
    """Return what a file is, as JSON takes it."""
    fields = asdict(info)
    fields["path"] = str(info.path)
    for name in ("sample_aspect", "time_base", "start"):
        fields[name] = str(fields[name])
    return fields


def info_of(fields: dict[str, Any]) -> VideoInfo:
    """Return what `fields_of_info` made."""
    typed: dict[str, Any] = {
        "path": Path(fields["path"]),
        "video_id": VideoId(fields["video_id"]),
        **{name: Fraction(fields[name]) for name in ("sample_aspect", "time_base", "start")},
    }
    return VideoInfo(**fields | typed)
