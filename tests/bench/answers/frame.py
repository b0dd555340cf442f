"""Whether an answer's time is that of the very frame."""

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
"""Mean difference in grey levels up to which two frames show the same picture: a shot that stands still.  A
person has no better answer either."""

PTS_ROUNDING_S = 1e-3


class FrameChecker:
    """Looks at the clips again."""

    def __init__(self) -> None:
        self._lasts: dict[Path, float] = {}

    def within_one(self, hit: Hit, off_s: float) -> bool:
        """Whether a time that is off by so much is off by one frame at most."""
        return off_s <= self._frame_s(hit.path) + PTS_ROUNDING_S

    def same(self, query: BenchmarkQuery, hit: Hit) -> bool:
        """Whether the frame at the hit's time shows exactly what an unedited query shows."""
        shown = _at(hit.path, hit.time_s) if query.kind == UNEDITED else None
        asked = load(query.picture)
        if shown is None or shown.shape != asked.shape:
            return False
        return float(np.abs(shown.astype(np.int16) - asked).mean()) <= SAME_PICTURE_LEVELS

    def _frame_s(self, path: Path) -> float:
        if path not in self._lasts:
            self._lasts[path] = 1.0 / (probe(path).frames_per_s or 25.0)
        return self._lasts[path]


def _at(path: Path, time_s: float) -> Image | None:
    """The frame at this time, as large as the frames that are asked with."""
    with (
        suppress(CbvirError),
        SpanReader(path, time_s - PTS_ROUNDING_S, time_s + 1.0, max_side=FRAME_SIDE) as frames,
    ):
        return next((frame.image for frame in frames), None)
    return None
