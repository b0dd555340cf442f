"""What a build learns of its rows while it reads them: true neighbours, and what projections keep of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbvir_core.index.effort import (
    PROJECTION_LOSS,
    TUNED_NEIGHBOURS,
    NearestItems,
    mean_recall,
)
from cbvir_core.index.projection import Projection
from cbvir_core.types import RowNumbers, Rows

LIST_WIDTHS = (32, 64, 128, 192, 256, 384, 512, 768)
"""Components that inverted lists may keep: a search scans a byte for four of them, of every item."""

WHOLE_VARIANCE = 0.9999

MOST_LIST_CANDIDATES = 200
"""Candidates that must hold the true neighbours by a projection: coding needs more of them."""


class FirstReading:
    """The tuning queries' nearest rows, exactly and by each projection, among those read so far."""

    def __init__(self, queries: Rows, projections: Sequence[Projection], candidates: int) -> None:
        """Begin without rows; `candidates` is how many of the nearest by each projection are known."""
        self.projections = projections
        self.count = 0
        self._parts: list[RowNumbers] = []
        self._exact = NearestItems(queries, TUNED_NEIGHBOURS)
        self._queries = [projection.apply(queries) for projection in projections]
        self._nearest = [NearestItems(own, candidates) for own in self._queries]

    def update(self, rows: RowNumbers, vectors: Rows) -> None:
        """Take in rows, at least one, with their vectors."""
        self._exact.update(self.count, vectors)
        widest = max(self.projections, key=lambda one: one.dimensions)
        projected = widest.apply(vectors)
        for projection, nearest in zip(self.projections, self._nearest, strict=True):
            nearest.update(self.count, projected[:, : projection.dimensions])
        self._parts.append(rows)
        self.count += len(rows)

    def rows(self) -> RowNumbers:
        """Return all rows that were taken in, in their order: the items of a segment."""
        return np.concatenate(self._parts)

    def truth(self) -> list[RowNumbers]:
        """Return the true neighbours of each query, by item numbers."""
        return self._exact.first(TUNED_NEIGHBOURS)

    def of(self, projection: Projection) -> tuple[Rows, list[RowNumbers], NearestItems]:
        """Return the projected queries, the true neighbours, and the nearest items by a projection."""
        number = self.projections.index(projection)
        return self._queries[number], self.truth(), self._nearest[number]


def list_projections(sample: Rows) -> list[Projection]:
    """Return projections of a sample that inverted lists may have, the narrowest first.

    Each has the first components of the next; the last one has nearly all of the variance.
    """
    whole = Projection.fit(sample, WHOLE_VARIANCE)
    widths = sorted({*(width for width in LIST_WIDTHS if width < whole.dimensions), whole.dimensions})
    return [Projection(whole.mean, np.ascontiguousarray(whole.basis[:, :width])) for width in widths]


def chosen_projection(reading: FirstReading, target_recall: float) -> Projection:
    """Return the narrowest projection that keeps enough of the true neighbours among few candidates."""
    for projection in reading.projections:
        _, truth, nearest = reading.of(projection)
        if mean_recall(truth, nearest.first(MOST_LIST_CANDIDATES)) >= target_recall + PROJECTION_LOSS:
            return projection
    return reading.projections[-1]
