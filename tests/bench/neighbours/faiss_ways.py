"""faiss: inverted lists of whole, coded and projected rows, and its graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from bench.neighbours.contest import NEIGHBOURS, MappedRows, SearchRows, measured_again
from cbvir_core.index.projection import Projection
from cbvir_core.types import Rows

ADDED_AT_ONCE = 16_384
POINTS_PER_LIST = 48
HNSW_LINKS, HNSW_BUILD_EFFORT = 16, 100
SCANNED_LISTS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)


def list_count(rows: int) -> int:
    """Return how many lists: about twice the square root of the rows."""
    return int(2 ** round(np.log2(2 * np.sqrt(rows))))


class FaissLists:
    """Inverted lists: whole rows (``Flat``) or eight bits of each number (``SQ8``)."""

    efforts: Sequence[int] = SCANNED_LISTS

    def __init__(self, coding: str) -> None:
        self.name, self._coding = f"faiss IVF {coding}", coding

    def build(self, rows: MappedRows, home: Path) -> None:
        lists = faiss.index_factory(rows.width, f"IVF{list_count(len(rows))},{self._coding}")
        _train(lists, rows.sample(POINTS_PER_LIST * lists.nlist))
        for start in range(0, len(rows), ADDED_AT_ONCE):
            lists.add(rows.part(start, start + ADDED_AT_ONCE))
        faiss.write_index(lists, str(home / "lists.faiss"))

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        lists = _opened(home / "lists.faiss")

        def search(query: Rows, effort: int) -> Any:
            return _nearest(lists, query, NEIGHBOURS, effort)

        return search


class ProjectedLists:
    """Principal components in inverted lists, coded; `candidates` of them are compared exactly."""

    efforts: Sequence[int] = SCANNED_LISTS

    def __init__(self, coding: str, width: int, candidates: int) -> None:
        self.name = f"faiss PCA{width} IVF {coding}, {candidates} exact"
        self._coding, self._width, self._candidates = coding, width, candidates

    def build(self, rows: MappedRows, home: Path) -> None:
        projection = projection_of(rows.sample(16_384), self._width)
        projection.save(home / "projection.npz")
        fast = f"PQ{projection.dimensions // 2}x4fs"
        coding = fast if "fast scan" in self._coding else self._coding
        lists = faiss.index_factory(projection.dimensions, f"IVF{list_count(len(rows))},{coding}")
        _train(lists, projection.apply(rows.sample(POINTS_PER_LIST * lists.nlist)))
        for start in range(0, len(rows), ADDED_AT_ONCE):
            lists.add(projection.apply(rows.part(start, start + ADDED_AT_ONCE)))
        faiss.write_index(lists, str(home / "lists.faiss"))

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        lists, projection = _opened(home / "lists.faiss"), Projection.load(home / "projection.npz")

        def search(query: Rows, effort: int) -> Any:
            found = _nearest(lists, projection.apply(query[np.newaxis]), self._candidates, effort)
            return measured_again(rows, query, found)

        return search


class FaissGraph:
    """The graph of faiss (HNSW) over whole rows."""

    name = "faiss HNSW"
    efforts: Sequence[int] = (100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1200)

    def build(self, rows: MappedRows, home: Path) -> None:
        graph = faiss.IndexHNSWFlat(rows.width, HNSW_LINKS)
        graph.hnsw.efConstruction = HNSW_BUILD_EFFORT
        for start in range(0, len(rows), ADDED_AT_ONCE):
            graph.add(rows.part(start, start + ADDED_AT_ONCE))
        faiss.write_index(graph, str(home / "graph.faiss"))

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        del rows
        graph = _opened(home / "graph.faiss")

        def search(query: Rows, effort: int) -> Any:
            graph.hnsw.efSearch = effort
            return graph.search(query[np.newaxis], NEIGHBOURS)[1][0]

        return search


def projection_of(sample: Rows, width: int) -> Projection:
    """Return the `width` largest principal components of rows."""
    whole = Projection.fit(sample, 1.0)
    return Projection(whole.mean, np.ascontiguousarray(whole.basis[:, :width]))


def _train(lists: Any, sample: Rows) -> None:
    lists.cp.max_points_per_centroid, lists.cp.min_points_per_centroid = POINTS_PER_LIST, 1
    lists.cp.niter = 8
    lists.train(sample)


def _opened(path: Path) -> Any:
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def _nearest(lists: Any, query: Rows, count: int, probed: int) -> Any:
    parameters = faiss.SearchParametersIVF(nprobe=min(probed, lists.nlist))
    return lists.search(query.reshape(1, -1), count, params=parameters)[1][0]
