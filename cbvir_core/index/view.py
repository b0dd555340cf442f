"""What a search sees of an index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cbvir_core.index.segment import Numbers, Segment
from cbvir_core.index.tail import TailView


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """`generation` counts states of the index; `tail` are rows in no segment yet; `tombstones` are
    forgotten rows that segments still hold; `rows` are those that a search can find."""

    generation: int
    segments: int
    tail: int
    tombstones: int
    rows: int


@dataclass(frozen=True, slots=True)
class View:
    """Segments and tail at one moment: what is seen does not change while a search lasts."""

    segments: tuple[Segment, ...]
    tail: TailView

    def status(self, generation: int) -> IndexStatus:
        """Counts."""
        dead = sum(segment.dead for segment in self.segments)
        rows = sum(len(segment) for segment in self.segments) - dead + len(self.tail)
        return IndexStatus(generation, len(self.segments), len(self.tail), dead, rows)

    def all_rows(self) -> Numbers:
        """Every row, forgotten ones too."""
        return np.concatenate([*(segment.rows for segment in self.segments), self.tail.all_rows()])
