"""An immutable segment: trees or inverted lists of projected rows, searched for candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, sqrt
from pathlib import Path

import numpy as np

from cbvir_core.index.effort import TUNED_NEIGHBOURS
from cbvir_core.index.item_search import ItemSearch, NearItems, OpenItems
from cbvir_core.index.kept_vectors import KeptVectors
from cbvir_core.index.lists import Lists
from cbvir_core.index.manifest import SegmentEntry
from cbvir_core.index.neighbours import permitted
from cbvir_core.index.pause import Pause
from cbvir_core.index.projection import Projection
from cbvir_core.index.trees import Trees
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.types import RowMask, RowNumbers, Rows

ROWS_FILE = "rows.npy"
PROJECTION_FILE = "projection.npz"
VECTORS_FILE = "vectors.npy"
"""The vectors, where the segment keeps them: those of versions before, and of trees, do not."""

ITEM_FILES: dict[str, tuple[str, OpenItems]] = {
    "annoy": ("trees.ann", Trees.open),
    "lists": ("lists.faiss", Lists.open),
}
"""The kinds of segments: the file of each, and what opens it."""

MIN_LIVE_SHARE = 0.6
"""Share of the wanted candidates that must be live, or else more are searched for: forgotten rows lie
together, since a video is forgotten as a whole."""

MORE_OF_SEVERAL = 1.25
"""Candidates of several segments together, by those of the one that needs most."""


class Segment:
    """One open segment.  Searching is thread-safe and does not hold the interpreter."""

    def __init__(
        self,
        entry: SegmentEntry,
        rows: RowNumbers,
        projection: Projection,
        items: ItemSearch,
        vectors: KeptVectors | None = None,
    ) -> None:
        self.entry = entry
        self.rows = rows
        self._vectors = vectors
        self._projection = projection
        self._search = items
        is_ascending = bool(np.all(rows[1:] > rows[:-1]))  # but for rows that were sealed out of order
        self._sorted = None if is_ascending else np.argsort(rows, kind="stable")
        self._is_dead = np.zeros(len(rows), dtype=np.bool_)
        self.dead = 0

    @classmethod
    def open(cls, folder: Path, entry: SegmentEntry, *, trust: bool = True) -> Segment:
        """Map the segment `entry` of the index in `folder`; raises IndexFileDamaged.

        With `trust` the files of trees or lists and of vectors are believed where they have the size and the
        time that they were written with.
        """
        home = folder / entry.name
        try:
            file, open_items = ITEM_FILES[entry.kind]
            files = {
                name: kept.checked(home / name, trust=trust and name in (file, VECTORS_FILE))
                for name, kept in entry.files.items()
            }
            rows = np.load(home / ROWS_FILE, allow_pickle=False)
            projection = Projection.load(home / PROJECTION_FILE)
            items = open_items(home / file, projection.dimensions)
            vectors = KeptVectors.open(home / VECTORS_FILE, entry.rows) if VECTORS_FILE in files else None
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise IndexFileDamaged(f"segment {entry.name} cannot be read: {error}") from error
        if not 0 < len(rows) == len(items) == entry.rows:
            raise IndexFileDamaged(f"segment {entry.name} has the wrong length")
        return cls(replace(entry, files=files), rows, projection, items, vectors)

    def verify(self, folder: Path, pause: Pause) -> None:
        """Read every file of the segment; raises IndexFileDamaged where one is not what was written."""
        for name, file in self.entry.files.items():
            try:
                file.verified(folder / self.entry.name / name, pause)
            except OSError as error:
                raise IndexFileDamaged(f"segment {self.entry.name} cannot be read: {error}") from error

    def __len__(self) -> int:
        return len(self.rows)

    def bury(self, rows: RowNumbers) -> None:
        """Mark those of `rows` that are in this segment as forgotten."""
        if len(rows):
            items, held = self._items(rows)
            self._is_dead[items[held]] = True
            self.dead = int(np.count_nonzero(self._is_dead))

    def holds(self, rows: RowNumbers) -> RowMask:
        """Return which of `rows` are in this segment, forgotten or not."""
        return self._items(rows)[1]

    def _items(self, rows: RowNumbers) -> tuple[RowNumbers, RowMask]:
        """Return item numbers of rows, any number for a row that is not here, and which ones are here."""
        ranks = np.searchsorted(self.rows, rows, sorter=self._sorted)
        items = np.minimum(ranks, len(self.rows) - 1)
        if self._sorted is not None:
            items = self._sorted[items]
        return items, self.rows[items] == rows

    def kept_vectors(self, rows: RowNumbers) -> tuple[RowMask, Rows]:
        """Return which of `rows` have vectors in this segment's file, and these vectors (N x D)."""
        if self._vectors is None:
            return np.zeros(len(rows), np.bool_), np.zeros((0, 0), np.float32)
        items, held = self._items(rows)
        return held, self._vectors.of(items[held])

    def live_rows(self) -> RowNumbers:
        """Return the rows that are not forgotten, in the order in which they came."""
        return self.rows[~self._is_dead]

    def candidates(self, query: Rows, k: int, within: RowMask | None = None) -> NearItems:
        """Return live rows among which the k nearest of the segment can be found by exact distances.

        Only those that are `within`, by their numbers.
        """
        count, search_k = effort_for(self.entry, k)
        found, allowed = ~self._is_dead, None
        if within is not None:
            allowed = found = found & permitted(self.rows, within)
        wanted = min(count, int(np.count_nonzero(found)))
        if wanted <= 0:
            return NearItems(np.zeros(0, np.int64), np.zeros(0, np.float32))
        vector = self._projection.apply(query)
        while True:
            items, squares = self._search.nearest(vector, count, search_k, allowed)
            live = found[items]
            if np.count_nonzero(live) >= MIN_LIVE_SHARE * wanted or count >= len(self.rows):
                return NearItems(self.rows[items[live][:wanted]], squares[live][:wanted])
            count, search_k = 2 * count, 2 * search_k


def worth_measuring(parts: Sequence[NearItems], of_one: int) -> RowNumbers:
    """Return those of the candidates of several segments that are measured exactly.

    All are where their distances are not known.  Of the others as many as are measured `of_one` segment, and
    a quarter more: which segment a row is in does not bring it nearer.
    """
    rows = np.concatenate([part.items for part in parts])
    squares = np.concatenate([part.squares for part in parts])
    most = ceil(MORE_OF_SEVERAL * of_one)
    known = squares > 0
    if np.count_nonzero(known) <= most:
        return rows
    furthest = np.partition(squares[known], most - 1)[most - 1]
    nearest: RowNumbers = rows[~known | (squares <= furthest)]
    return nearest


def effort_for(entry: SegmentEntry, k: int) -> tuple[int, int]:
    """Return candidates and the effort for k neighbours, from those that were tuned for 100.

    On 100,000 mixed MobileNet descriptors this holds recall from k = 10 (.98) to 200 (.988); nodes in
    proportion to k would give .992 at 200 for a quarter more time.
    """
    share = k / TUNED_NEIGHBOURS
    candidates = ceil(entry.candidates * max((1.0 + share) / 2.0, share))
    return candidates, ceil(entry.search_k * max(0.6, sqrt(share)))
