"""The time that each stage of a query takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from cbvir_core.types import Answer

STAGES = ("prepare", "frames", "mobilenet", "shortlist", "solar", "refine", "verify", "regions", "moment")


class QueryStage(StrEnum):
    """How far a query is that tells its answer so far: by the filter, or with local features compared."""

    SHORTLIST = "shortlist"
    VERIFIED = "verified"


StageListener = Callable[[QueryStage, Answer], None]
"""Gets the answer so far, of the whole picture, in the thread of the query; later ones may differ."""


@dataclass
class StageClock:
    """Milliseconds for each stage of one query, under the names of the answer's `stages_ms`."""

    started: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time that the block takes to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] += 1000.0 * (time.perf_counter() - begun)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the query began."""
        return 1000.0 * (time.perf_counter() - self.started)
