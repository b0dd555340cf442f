"""What is searched: every keyframe through the index, or those of chosen videos exactly.

Neither searches blank keyframes, which stand for their spans and are no answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import UnknownVideo
from cbvir_core.index import Index
from cbvir_core.search.parallel import together
from cbvir_core.search.shortlist import Neighbours
from cbvir_core.store import Generation, Store, VideoRecord
from cbvir_core.store.videos import absolute
from cbvir_core.types import Rows

BATCH = 4096
"""Keyframes read at once where chosen videos are searched: 21 MB of float32."""


class Everything:
    """All keyframes that have a filter descriptor and show anything, through the index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __len__(self) -> int:
        return self._index.status().rows

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """The index's neighbours of each descriptor."""
        return together(lambda query: self._index.search(query, k), queries)


class Chosen:
    """The keyframes of some videos, searched one and all.

    The index knows nothing of videos: its nearest thousand may hold none of a small folder, so a
    limited question is answered from the store, exactly.
    """

    def __init__(self, store: Store, generation: Generation, videos: Iterable[VideoRecord]) -> None:
        self._store, self._generation = store, generation
        self._rows = np.asarray(store.telling_rows(video.video_id for video in videos), np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """The exact neighbours of each descriptor."""
        distances = [
            self._distances(queries, self._rows[at : at + BATCH]) for at in range(0, len(self._rows), BATCH)
        ]
        return [self._first(row, k) for row in np.concatenate(distances, axis=1)]

    def _distances(self, queries: Rows, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        known, present = self._store.present_filter_rows(self._generation, rows)
        distances = np.full((len(queries), len(rows)), np.inf, np.float32)
        if len(known):
            squared = np.sum(known**2, axis=1) + 1.0 - 2.0 * (queries @ known.T)
            distances[:, present] = np.sqrt(np.maximum(0.0, squared))
        return distances

    def _first(self, distances: npt.NDArray[np.float32], k: int) -> Neighbours:
        order = np.argsort(distances, kind="stable")[: min(k, int(np.isfinite(distances).sum()))]
        return self._rows[order], distances[order]


def videos_within(store: Store, places: Iterable[Path | str]) -> list[VideoRecord]:
    """The videos that lie in one of the folders, or are named by path or id.

    Raises UnknownVideo for a place that names no video, or more than one by the beginning of an id.
    """
    known = store.videos()
    found = {video.video_id: video for place in places for video in _within(store, known, place)}
    return list(found.values())


def folder_of(place: Path | str) -> Path:
    """A place as a path like those that are stored."""
    return absolute(Path(place).expanduser())


def _within(store: Store, known: Iterable[VideoRecord], place: Path | str) -> list[VideoRecord]:
    folder = folder_of(place)
    below = [video for video in known if any(path.is_relative_to(folder) for path in video.paths)]
    if below and str(place):  # nothing is no place, though a path to nothing is the working folder
        return below
    try:
        return [store.find(str(place))]
    except UnknownVideo:
        if not isinstance(place, Path):
            raise
        raise UnknownVideo(f"no known video is {place} or lies in it") from None
