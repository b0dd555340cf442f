"""Check of whether the time of an answer is that of the exact frame."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from bench.retrieval.frames import FRAME_SIDE
from bench.retrieval.perturbations import UNEDITED
from bench.retrieval.questions import BenchmarkQuery, load
from cbvir_core.decode import probe
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import CbvirError
from cbvir_core.types import Hit, Image

SAME_PICTURE_LEVELS = 1.0
"""Mean difference in grey levels up to which two frames show the same picture, in a shot without motion.
A person could not tell them apart either."""

PTS_ROUNDING_S = 1e-3


class FrameChecker:
    """Compares times and frames of the clips with those of answers."""

    def __init__(self) -> None:
        self._frame_durations_s: dict[Path, float] = {}

    def within_one(self, hit: Hit, off_s: float) -> bool:
        """Return whether an error in time is at most one frame."""
        return off_s <= self._frame_s(hit.path) + PTS_ROUNDING_S

    def same(self, query: BenchmarkQuery, hit: Hit) -> bool:
        """Return whether the frame at the time of the hit shows exactly what an unedited query shows."""
        shown = _at(hit.path, hit.time_s) if query.kind == UNEDITED else None
        wanted = load(query.picture)
        if shown is None or shown.shape != wanted.shape:
            return False
        return float(np.abs(shown.astype(np.int16) - wanted).mean()) <= SAME_PICTURE_LEVELS

    def _frame_s(self, path: Path) -> float:
        if path not in self._frame_durations_s:
            self._frame_durations_s[path] = 1.0 / (probe(path).frames_per_s or 25.0)
        return self._frame_durations_s[path]


def _at(path: Path, time_s: float) -> Image | None:
    """Return the frame at this time, at the size of the query frames."""
    with (
        suppress(CbvirError),
        SpanReader(path, time_s - PTS_ROUNDING_S, time_s + 1.0, max_side=FRAME_SIDE) as frames,
    ):
        return next((frame.image for frame in frames), None)
    return None
