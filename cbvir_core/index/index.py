"""The index that the library searches for keyframes: it follows the store and feeds a `VectorIndex`."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.index.exact import ExactIndex
from cbvir_core.index.followed import FollowedIndex
from cbvir_core.index.neighbours import Neighbours
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.segment_index import SegmentIndex
from cbvir_core.index.vector_index import OpenVectorIndex, SourceIdentity, VectorIndex
from cbvir_core.store import Generation, Store
from cbvir_core.types import RowMask, RowNumbers, Rows

INDEX_KINDS: dict[str, OpenVectorIndex] = {
    "annoy": SegmentIndex.open_trees,
    "auto": SegmentIndex.open,
    "exact": ExactIndex.open,
    "lists": SegmentIndex.open_lists,
}
"""The implementations of `VectorIndex` by name: another one is one more line here."""


class StoredVectors:
    """The filter descriptors of one generation in the store: the `VectorSource` of an index."""

    def __init__(self, store: Store, generation: Generation) -> None:
        self._store, self._generation = store, generation
        self.identity = SourceIdentity(store.identity, generation.number, generation.filter)

    def last_change(self) -> int:
        """Return the number of the newest change of the store."""
        return self._store.last_change()

    def read(self, rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        """Return those of `rows` that have a filter descriptor, and these descriptors (N x D)."""
        vectors, present = self._store.present_filter_rows(self._generation, rows)
        return rows[present], vectors


class Index(FollowedIndex[VectorIndex]):
    """Nearest neighbours among the filter descriptors of one generation, blank keyframes left out."""

    @classmethod
    def open(
        cls,
        folder: Path,
        store: Store,
        generation: Generation,
        options: IndexOptions = IndexOptions(),
        kind: str = "auto",
    ) -> Index:
        """Open the index in `folder`, with whatever of it can be used; `kind` is a key of `INDEX_KINDS`.

        Raises StoreError where the folder cannot be used.  Missing or damaged files are no error: their
        rows are searched exactly, which is slow for many, until `maintain` has made segments of them.
        """
        return cls(INDEX_KINDS[kind](folder, StoredVectors(store, generation), options), store, generation)

    def search(self, query: Rows, k: int, within: RowMask | None = None) -> Neighbours:
        """Return the k nearest live rows of one descriptor (D, or 1 x D), with exact Euclidean distances.

        Of those `within` only, where that is given: a mask by row number.  Follows the store's changes first.
        Fewer than k where there are not more.
        """
        self.refresh()
        return self._vectors.search(query, k, within)
