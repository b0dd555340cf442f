"""The exact index: every vector in memory, every search through all of them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from cbvir_core.index.neighbours import NO_NEIGHBOURS, Neighbours
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.tail import Tail
from cbvir_core.index.vector_index import IndexStatus, RebuildProgress, VectorSource
from cbvir_core.types import RowMask, RowNumbers, Rows


class ExactIndex:
    """A `VectorIndex` without files or approximation: the reference for others, and enough for few rows.

    A keyframe takes 5 kB of memory (1,280 x float32).  Opening reads every vector from the source.
    """

    def __init__(self, source: VectorSource) -> None:
        self._source = source
        self._state = threading.Lock()  # the rows, and whether the index is closed
        self._vectors = Tail(sys.maxsize)
        self._view = self._vectors.view()
        self._version = 0
        self._closed = False

    @classmethod
    def open(cls, folder: Path, source: VectorSource, options: IndexOptions) -> ExactIndex:
        """Return an index without rows; neither the folder nor the options are used."""
        del folder, options
        return cls(source)

    def add(self, rows: RowNumbers) -> None:
        """Read the vectors of `rows` and keep them."""
        with self._state:
            if not self._closed:
                self._vectors.extend(rows, self._source.read)
                self._view = self._vectors.view()

    def remove(self, rows: RowNumbers) -> None:
        """Drop the vectors of `rows`."""
        with self._state:
            self._vectors.remove(rows, self._source.read)
            self._view = self._vectors.view()

    def rows(self) -> RowNumbers:
        """Return the rows that a search can find."""
        return self._view.rows

    def search(self, query: Rows, k: int, within: RowMask | None = None) -> Neighbours:
        """Return the k nearest rows of one descriptor (D, or 1 x D)."""
        vector = np.ascontiguousarray(query, dtype=np.float32).reshape(-1)
        return NO_NEIGHBOURS if k <= 0 else self._view.search(vector, k, self._source.read, within)

    def maintain(self) -> bool:
        """Return False: there is nothing to do."""
        return False

    def verify(self) -> bool:
        """Return False: there are no files."""
        return False

    def rebuild(self, rows: RowNumbers, position: int, progress: RebuildProgress | None = None) -> None:
        """Read the vectors of all rows again."""
        del position  # nothing is saved
        with self._state:
            if self._closed:
                return
            added_meanwhile = self._view.rows[~np.isin(self._view.rows, rows)]
            self._vectors = Tail(sys.maxsize)
            self._vectors.extend(np.concatenate([rows, added_meanwhile]), self._source.read)
            self._view = self._vectors.view()
            self._version += 1
        if progress is not None:
            progress(len(rows), len(rows))

    def status(self) -> IndexStatus:
        """Return counts; there are no segments, so every row is in the tail."""
        rows = len(self._view)
        return IndexStatus(self._version, segments=0, tail=rows, tombstones=0, rows=rows)

    def note_position(self, position: int) -> None:
        """Do nothing: no file keeps the position."""

    def saved_position(self) -> int:
        """Return 0: nothing is saved."""
        return 0

    def interrupt(self) -> None:
        """Do nothing: no work takes long."""

    def close(self) -> None:
        """Release the vectors."""
        with self._state:
            self._closed = True
            self._vectors = Tail(0)
            self._view = self._vectors.view()
