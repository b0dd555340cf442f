"""What is searched: every keyframe through the index, or those of chosen videos, exactly where they are few.

Neither searches blank keyframes, which stand for their spans and are no answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.index import Index, Neighbours
from cbvir_core.search.parallel import parallel_map
from cbvir_core.store import Generation, Store, VideoRecord
from cbvir_core.types import RowNumbers, Rows

KEYFRAMES_READ_AT_ONCE = 4096
"""Keyframes whose descriptors are read at once where chosen videos are searched: 21 MB of float32."""

MAX_COMPARED_KEYFRAMES = 8192
"""Keyframes of chosen videos that are read and compared: 5 microseconds each, which is what an index of a
million takes."""


class Gallery(Protocol):
    """Keyframes among which neighbours are looked for."""

    @property
    def rows(self) -> RowNumbers | None:
        """The rows that are searched; None for all."""

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return, for each descriptor, the k nearest keyframes: rows and distances, ascending."""

    def __len__(self) -> int:
        """Return how many keyframes are searched."""


class IndexGallery:
    """All keyframes that have a filter descriptor and show anything, through the index."""

    rows = None

    def __init__(self, index: Index) -> None:
        self._index = index

    def __len__(self) -> int:
        return self._index.status().rows

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return the index's neighbours of each descriptor."""
        return parallel_map(lambda query: self._index.search(query, k), queries)


class VideoGallery:
    """The keyframes of some videos.

    Of few keyframes each is read from the store and compared, which takes as long in any library.  Of more
    than `MAX_COMPARED_KEYFRAMES` the index finds the nearest: it passes over the codes of all others.
    """

    def __init__(
        self, store: Store, generation: Generation, index: Index, videos: Iterable[VideoRecord]
    ) -> None:
        self._store, self._generation, self._index = store, generation, index
        self.rows = np.asarray(store.searchable_rows(video.video_id for video in videos), np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return the neighbours of each descriptor, exact ones of few keyframes."""
        if len(self.rows) > MAX_COMPARED_KEYFRAMES:
            within = np.zeros(int(self.rows.max()) + 1, np.bool_)
            within[self.rows] = True
            return parallel_map(lambda query: self._index.search(query, k, within), queries)
        distances = [
            self._distances(queries, self.rows[start : start + KEYFRAMES_READ_AT_ONCE])
            for start in range(0, len(self.rows), KEYFRAMES_READ_AT_ONCE)
        ]
        return [self._first(row, k) for row in np.concatenate(distances, axis=1)]

    def _distances(self, queries: Rows, rows: RowNumbers) -> npt.NDArray[np.float32]:
        """Return Q x R distances, infinite for rows without a descriptor."""
        descriptors, present = self._store.present_filter_rows(self._generation, rows)
        distances = np.full((len(queries), len(rows)), np.inf, np.float32)
        if len(descriptors):
            squared = np.sum(descriptors**2, axis=1) + 1.0 - 2.0 * (queries @ descriptors.T)
            distances[:, present] = np.sqrt(np.maximum(0.0, squared))
        return distances

    def _first(self, distances: npt.NDArray[np.float32], k: int) -> Neighbours:
        order = np.argsort(distances, kind="stable")[: min(k, int(np.isfinite(distances).sum()))]
        return Neighbours(self.rows[order], distances[order])
