"""What is searched: every keyframe through the index, or those of chosen videos exactly.

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
    """The keyframes of some videos, each of them compared.

    The index holds no videos, only keyframes: its nearest thousand may contain none of a small folder, so a
    query that is limited to videos is answered from the store, exactly.
    """

    def __init__(self, store: Store, generation: Generation, videos: Iterable[VideoRecord]) -> None:
        self._store, self._generation = store, generation
        self.rows = np.asarray(store.searchable_rows(video.video_id for video in videos), np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return the exact neighbours of each descriptor."""
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
