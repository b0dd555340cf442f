"""Fresh rows, searched exactly until they are sealed into a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.index.exact import Neighbours, merged, nearest
from cbvir_core.types import Rows

Numbers = npt.NDArray[np.int64]
Read = Callable[[Numbers], tuple[Numbers, Rows]]
"""Row numbers -> those that there are, and their vectors."""

BATCH = 4096  # rows read from the store at once: 21 MB of float32


@dataclass(frozen=True, slots=True)
class TailView:
    """The tail at one moment.  `vectors` belong to `rows`; those of `backlog` are in the store only."""

    rows: Numbers
    vectors: Rows
    squares: Rows
    backlog: Numbers

    def __len__(self) -> int:
        return len(self.rows) + len(self.backlog)

    def search(self, query: Rows, k: int, read: Read) -> Neighbours:
        """The exact k nearest.  A backlog, which only a lost index has, costs a walk through the store."""
        parts = [nearest(query, self.rows, self.vectors, k, self.squares)]
        for rows, vectors in batches(self.backlog, read):
            parts.append(nearest(query, rows, vectors, k))
        return merged(parts, k)

    def all_rows(self) -> Numbers:
        """Row numbers in the order in which they came."""
        return np.concatenate([self.rows, self.backlog])


def batches(rows: Numbers, read: Read, size: int = BATCH) -> Iterator[tuple[Numbers, Rows]]:
    """The rows that there are, with their vectors, some at a time."""
    for start in range(0, len(rows), size):
        found, vectors = read(rows[start : start + size])
        if len(found):
            yield found, vectors


class Tail:
    """Rows in the order in which they came; the oldest `capacity` of them in memory as one matrix.

    The matrix grows by doubling.  A view stays as it was: appending writes behind what it shows, and
    everything else makes new arrays.  Not thread-safe; views are.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._count = 0
        self._rows = np.zeros(0, dtype=np.int64)
        self._vectors = np.zeros((0, 0), dtype=np.float32)
        self._squares = np.zeros(0, dtype=np.float32)
        self._backlog = np.zeros(0, dtype=np.int64)

    def view(self) -> TailView:
        """What is in it now."""
        kept = slice(0, self._count)
        return TailView(self._rows[kept], self._vectors[kept], self._squares[kept], self._backlog)

    def extend(self, rows: Numbers, read: Read) -> None:
        """Appends rows, and reads the vectors of as many as there is room for."""
        self._backlog = np.concatenate([self._backlog, rows])
        while len(self._backlog) and self._count < self._capacity:
            taken = min(len(self._backlog), self._capacity - self._count, BATCH)
            found, vectors = read(self._backlog[:taken])
            if len(found):  # all of them may have been forgotten since the log was read
                self._append(found, vectors)
            self._backlog = self._backlog[taken:]

    def remove(self, rows: Numbers, read: Read) -> None:
        """Takes rows out, wherever they are; rows of the backlog move up."""
        self._backlog = self._backlog[~np.isin(self._backlog, rows)]
        staying = ~np.isin(self._rows[: self._count], rows)
        if not staying.all():
            self._rows = self._rows[: self._count][staying]
            self._vectors = self._vectors[: self._count][staying]
            self._squares = self._squares[: self._count][staying]
            self._count = len(self._rows)
        self.extend(np.zeros(0, dtype=np.int64), read)

    def _append(self, rows: Numbers, vectors: Rows) -> None:
        end = self._count + len(rows)
        if end > len(self._rows):
            self._enlarge(max(end, min(2 * self._count, self._capacity)), vectors.shape[1])
        self._rows[self._count : end] = rows
        self._vectors[self._count : end] = vectors
        self._squares[self._count : end] = np.einsum("ij,ij->i", vectors, vectors)
        self._count = end

    def _enlarge(self, size: int, width: int) -> None:
        rows = np.zeros(size, dtype=np.int64)
        vectors = np.zeros((size, width), dtype=np.float32)
        squares = np.zeros(size, dtype=np.float32)
        if self._count:
            rows[: self._count] = self._rows[: self._count]
            vectors[: self._count] = self._vectors[: self._count]
            squares[: self._count] = self._squares[: self._count]
        self._rows, self._vectors, self._squares = rows, vectors, squares
