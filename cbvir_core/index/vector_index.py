"""The seam between the store and whatever finds nearest neighbours: protocols, no implementation.

An index is derived data.  It takes row numbers, reads their vectors from a `VectorSource`, and can be made
again from that source at any time.  `Index` reads the store's change log and turns it into calls of `add`
and `remove`; all that an implementation gets of the log is a position to save with its files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cbvir_core.index.neighbours import Neighbours
from cbvir_core.index.options import IndexOptions
from cbvir_core.types import RowMask, RowNumbers, Rows

RebuildProgress = Callable[[int, int], None]
"""Called with the rows that are done and the rows in all."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Counts of an index.

    `version` counts the states of the index.  `tail` are rows in no segment yet, `tombstones` forgotten
    rows that segments still hold, `rows` those that a search can find.
    """

    version: int
    segments: int
    tail: int
    tombstones: int
    rows: int


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What an index was made of: a store, a generation of its descriptors, and the filter's fingerprint."""

    store: str
    generation: int
    weights: str


class VectorSource(Protocol):
    """Where an index reads vectors: the filter descriptors of one generation."""

    @property
    def identity(self) -> SourceIdentity:
        """What the vectors are of; files that were made of another source are not used."""

    def last_change(self) -> int:
        """Return the number of the newest change; files that claim a later one are not used."""

    def read(self, rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        """Return those of `rows` that the source still has, in that order, with their vectors (N x D)."""


class RowIndex(Protocol):
    """What is known of the rows that were added and not removed, in a form that can be searched.

    A row number names one content for ever: it is added once, and never again after it was removed.
    All methods are thread-safe, and no search waits for `maintain` or `rebuild`.
    """

    def add(self, rows: RowNumbers) -> None:
        """Let searches find `rows`.  Rows that the source no longer has are left out."""

    def remove(self, rows: RowNumbers) -> None:
        """Let searches find `rows` no more.  Rows that the index does not hold are ignored."""

    def rows(self) -> RowNumbers:
        """Return every row that the index holds; removed ones may be among them."""

    def maintain(self) -> bool:
        """Do one bounded step of the work that keeps searches fast; return False where there is none.

        Raises DiskFull; the index is then as before.
        """

    def verify(self) -> bool:
        """Read one of the files that were trusted when they were opened; return False where none is left.

        Raises IndexFileDamaged where it is not what was written: the index lost the rows in it then, and they
        must be added again.  Raises DiskFull.
        """

    def rebuild(self, rows: RowNumbers, position: int, progress: RebuildProgress | None = None) -> None:
        """Make the index again of `rows`, which are those that the source had at the change `position`.

        What is added or removed meanwhile stays so.  Raises DiskFull; the index is then as before.
        """

    def status(self) -> IndexStatus:
        """Return counts; takes no longer with many rows."""

    def note_position(self, position: int) -> None:
        """Note that every change up to the number `position` has been added or removed."""

    def saved_position(self) -> int:
        """Return the change up to which everything is in files that the next opening will find.

        Later changes must be added and removed again after opening.  0 where nothing is saved.
        """

    def interrupt(self) -> None:
        """End a build under way, without harm, and begin none any more; searches go on."""

    def close(self) -> None:
        """End a build under way, without harm, and release what is held.  May be called twice."""


class VectorIndex(RowIndex, Protocol):
    """Nearest neighbours among the vectors of the rows that were added and not removed."""

    def search(self, query: Rows, k: int, within: RowMask | None = None) -> Neighbours:
        """Return the k nearest rows of one descriptor (D, or 1 x D), with exact Euclidean distances.

        Only rows `within` are returned, where that is given: a mask by row number, of one row at least.

        Fewer than k where there are not more; none after `close`.  An approximate index may miss
        neighbours, but returns each row at most once and never a removed one.
        """


OpenVectorIndex = Callable[[Path, VectorSource, IndexOptions], VectorIndex]
"""Opens the index in a folder with what can be used of it.

The index may take the folder as its own.  Raises StoreError where the folder cannot be used; missing or
damaged files are no error.
"""
