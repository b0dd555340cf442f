"""Fresh rows, searched exactly until they are sealed into a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cbvir_core.index.neighbours import Neighbours, merged, nearest, permitted
from cbvir_core.types import RowMask, RowNumbers, Rows

ReadVectors = Callable[[RowNumbers], tuple[RowNumbers, Rows]]
"""Row numbers -> those of them that still exist, and their vectors (`VectorSource.read`)."""

READ_BATCH_ROWS = 4096  # rows read from the store at once: 21 MB of float32


@dataclass(frozen=True, slots=True)
class TailView:
    """The tail at one moment.

    `vectors` and their squared norms `squares` belong to `rows`; the vectors of `backlog` are in the
    store only.
    """

    rows: RowNumbers
    vectors: Rows
    squares: Rows
    backlog: RowNumbers

    def __len__(self) -> int:
        return len(self.rows) + len(self.backlog)

    def search(self, query: Rows, k: int, read: ReadVectors, within: RowMask | None = None) -> Neighbours:
        """Return the exact k nearest, or those of the rows that are `within`, by their numbers.

        A backlog, which only an index that lost its files has, is read from the store for every query.
        """
        if within is not None:
            return self.within(within).search(query, k, read)
        parts = [nearest(query, self.rows, self.vectors, k, self.squares)]
        for rows, vectors in read_in_batches(self.backlog, read):
            parts.append(nearest(query, rows, vectors, k))
        return merged(parts, k)

    def within(self, mask: RowMask) -> TailView:
        """Return the part of the rows that a mask by row number names."""
        held, waiting = permitted(self.rows, mask), permitted(self.backlog, mask)
        return TailView(self.rows[held], self.vectors[held], self.squares[held], self.backlog[waiting])

    def all_rows(self) -> RowNumbers:
        """Return the row numbers in the order in which they came."""
        return np.concatenate([self.rows, self.backlog])


def read_in_batches(
    rows: RowNumbers, read: ReadVectors, batch_rows: int = READ_BATCH_ROWS
) -> Iterator[tuple[RowNumbers, Rows]]:
    """Yield those of `rows` that still exist, with their vectors, at most `batch_rows` at a time."""
    for start in range(0, len(rows), batch_rows):
        present, vectors = read(rows[start : start + batch_rows])
        if len(present):
            yield present, vectors


class Tail:
    """Rows in the order in which they came; the oldest `capacity` of them in memory as one matrix.

    The matrix grows by doubling.  A view stays as it was: appending writes behind the part that it
    shows, and everything else makes new arrays.  Not thread-safe; views are.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._count = 0
        self._rows = np.zeros(0, dtype=np.int64)
        self._vectors = np.zeros((0, 0), dtype=np.float32)
        self._squares = np.zeros(0, dtype=np.float32)
        self._backlog = np.zeros(0, dtype=np.int64)

    def view(self) -> TailView:
        """Return the present rows."""
        filled = slice(0, self._count)
        return TailView(self._rows[filled], self._vectors[filled], self._squares[filled], self._backlog)

    def extend(self, rows: RowNumbers, read: ReadVectors) -> None:
        """Append rows, and read the vectors of as many as the capacity allows."""
        self._backlog = np.concatenate([self._backlog, rows])
        while len(self._backlog) and self._count < self._capacity:
            taken = min(len(self._backlog), self._capacity - self._count, READ_BATCH_ROWS)
            present, vectors = read(self._backlog[:taken])
            if len(present):  # all of them may have been forgotten since the log was read
                self._append(present, vectors)
            self._backlog = self._backlog[taken:]

    def remove(self, rows: RowNumbers, read: ReadVectors) -> None:
        """Take rows out, in memory and in the backlog; the backlog's oldest rows move into memory."""
        self._backlog = self._backlog[~np.isin(self._backlog, rows)]
        staying = ~np.isin(self._rows[: self._count], rows)
        if not staying.all():
            self._rows = self._rows[: self._count][staying]
            self._vectors = self._vectors[: self._count][staying]
            self._squares = self._squares[: self._count][staying]
            self._count = len(self._rows)
        self.extend(np.zeros(0, dtype=np.int64), read)

    def _append(self, rows: RowNumbers, vectors: Rows) -> None:
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
