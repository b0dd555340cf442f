"""What a search of an index of segments sees: it stays as it was when the search began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cbvir_core.index.segment import Segment
from cbvir_core.index.tail import ReadVectors, TailView
from cbvir_core.index.vector_index import IndexStatus
from cbvir_core.types import RowNumbers, Rows


@dataclass(frozen=True, slots=True)
class SegmentsView:
    """Segments and tail at one moment, and the change of the store up to which they are complete."""

    segments: tuple[Segment, ...]
    tail: TailView
    position: int = 0

    def status(self, version: int) -> IndexStatus:
        """Return counts."""
        dead = sum(segment.dead for segment in self.segments)
        rows = sum(len(segment) for segment in self.segments) - dead + len(self.tail)
        return IndexStatus(version, len(self.segments), len(self.tail), dead, rows)

    def vectors_of(self, rows: RowNumbers, read: ReadVectors) -> Iterator[tuple[RowNumbers, Rows]]:
        """Yield `rows` of segments with their vectors, in parts: those that no segment keeps are read."""
        left = rows
        for segment in self.segments:
            held, vectors = segment.kept_vectors(left)
            if len(vectors):
                yield left[held], vectors
                left = left[~held]
        if len(left):
            present, vectors = read(left)
            if len(present):
                yield present, vectors

    def all_rows(self) -> RowNumbers:
        """Return every row, forgotten ones too."""
        return np.concatenate([*(segment.rows for segment in self.segments), self.tail.all_rows()])
