"""What every way of finding neighbours has in common: it is built into a folder, and opened from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cbvir_core.index.neighbours import distances, first
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.types import RowNumbers, Rows

NEIGHBOURS = 100
"""Neighbours that are asked for, so that the recall is recall@100."""

RECALL_TARGET = 0.98
TUNED_RECALL = 0.984
"""Recall on the tuning queries from which an effort is enough: they are a sample."""

SearchRows = Callable[[Rows, int], RowNumbers]
"""A descriptor and an effort -> the numbers of the nearest `NEIGHBOURS` rows."""


class Way(Protocol):
    """One way of finding neighbours.

    `efforts` ascend; the least that reaches the recall is measured.
    """

    name: str
    efforts: Sequence[int]

    def build(self, rows: MappedRows, home: Path) -> None:
        """Write whatever searching needs into the folder."""

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        """Return the search."""


@dataclass(frozen=True, slots=True, eq=False)
class MappedRows:
    """Rows in a file (float16), mapped; a `VectorSource` whose row numbers begin with 1."""

    halves: Any
    path: Path

    @classmethod
    def open(cls, path: Path) -> MappedRows:
        """Map a file of rows."""
        return cls(np.load(path, mmap_mode="r"), path)

    def __len__(self) -> int:
        return len(self.halves)

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return int(self.halves.shape[1])

    @property
    def identity(self) -> SourceIdentity:
        """The name of the file."""
        return SourceIdentity(str(self.path), 1, "")

    def last_change(self) -> int:
        """Return the last row."""
        return len(self)

    def read(self, rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        """Return rows by their numbers, in that order."""
        return rows, self.take(rows - 1)

    def take(self, places: RowNumbers) -> Rows:
        """Return rows by their places."""
        return np.asarray(self.halves[places], np.float32)

    def part(self, start: int, end: int) -> Rows:
        """Return neighbouring rows."""
        return np.asarray(self.halves[start:end], np.float32)

    def sample(self, count: int) -> Rows:
        """Return rows spread over all, at most so many."""
        return np.asarray(self.halves[:: max(1, -(-len(self) // count))], np.float32)


def measured_again(rows: MappedRows, query: Rows, places: RowNumbers) -> RowNumbers:
    """Return the nearest of candidates by exact distances."""
    found = places[places >= 0]
    return first(found, distances(query, rows.take(found)), NEIGHBOURS).rows


def recall(truth: RowNumbers, found: RowNumbers) -> float:
    """Return the share of the true neighbours that were found."""
    return float(np.isin(truth, found).mean())
