"""Exact search, the index of this project, and the graphs of hnswlib and usearch."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.neighbours.contest import NEIGHBOURS, MappedRows, SearchRows
from cbvir_core.index.index import INDEX_KINDS
from cbvir_core.index.neighbours import nearest
from cbvir_core.index.options import IndexOptions
from cbvir_core.types import RowNumbers, Rows

GRAPH_LINKS, GRAPH_BUILD_EFFORT = 16, 100
ADDED_AT_ONCE = 8192
GRAPH_EFFORTS = (100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1200)


class Exact:
    """Every row in memory, as float32."""

    name = "exact float32"
    efforts: Sequence[int] = (1,)

    def build(self, rows: MappedRows, home: Path) -> None:
        del rows, home

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        del home
        vectors, numbers = rows.part(0, len(rows)), np.arange(len(rows))
        squares = np.einsum("ij,ij->i", vectors, vectors)

        def search(query: Rows, effort: int) -> RowNumbers:
            del effort
            return nearest(query, numbers, vectors, NEIGHBOURS, squares).rows

        return search


class OwnIndex:
    """A `VectorIndex` of this project, which tunes itself."""

    efforts: Sequence[int] = (1,)

    def __init__(self, kind: str) -> None:
        self.name, self._kind = f"cbvir index, {kind}", kind

    def build(self, rows: MappedRows, home: Path) -> None:
        index = INDEX_KINDS[self._kind](home, rows, IndexOptions())
        index.rebuild(np.arange(1, len(rows) + 1), len(rows))
        index.close()

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        index = INDEX_KINDS[self._kind](home, rows, IndexOptions())

        def search(query: Rows, effort: int) -> RowNumbers:
            del effort
            return index.search(query, NEIGHBOURS).rows - 1

        return search


class Hnswlib:
    """The graph of hnswlib, in memory."""

    name = "hnswlib"
    efforts: Sequence[int] = GRAPH_EFFORTS

    def build(self, rows: MappedRows, home: Path) -> None:
        graph = self._graph(rows)
        graph.init_index(len(rows), M=GRAPH_LINKS, ef_construction=GRAPH_BUILD_EFFORT)
        for start in range(0, len(rows), ADDED_AT_ONCE):
            graph.add_items(rows.part(start, start + ADDED_AT_ONCE), num_threads=1)
        graph.save_index(str(home / "graph.hnsw"))

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        graph = self._graph(rows)
        graph.load_index(str(home / "graph.hnsw"))
        graph.set_num_threads(1)

        def search(query: Rows, effort: int) -> RowNumbers:
            graph.set_ef(effort)
            return np.asarray(graph.knn_query(query, NEIGHBOURS)[0][0], np.int64)

        return search

    @staticmethod
    def _graph(rows: MappedRows) -> Any:
        return importlib.import_module("hnswlib").Index("l2", rows.width)


class Usearch:
    """The graph of usearch over float16 rows, mapped from its file."""

    name = "usearch"
    efforts: Sequence[int] = GRAPH_EFFORTS

    def build(self, rows: MappedRows, home: Path) -> None:
        graph = self._graph(rows)
        for start in range(0, len(rows), ADDED_AT_ONCE):
            part = rows.halves[start : start + ADDED_AT_ONCE]
            graph.add(np.arange(start, start + len(part)), part, threads=1)
        graph.save(str(home / "graph.usearch"))

    def open(self, rows: MappedRows, home: Path) -> SearchRows:
        graph = self._graph(rows)
        graph.view(str(home / "graph.usearch"))

        def search(query: Rows, effort: int) -> RowNumbers:
            graph.expansion_search = effort
            return np.asarray(graph.search(query.astype(np.float16), NEIGHBOURS, threads=1).keys, np.int64)

        return search

    @staticmethod
    def _graph(rows: MappedRows) -> Any:
        return importlib.import_module("usearch.index").Index(
            ndim=rows.width,
            metric="l2sq",
            dtype="f16",
            connectivity=GRAPH_LINKS,
            expansion_add=GRAPH_BUILD_EFFORT,
        )


def missing_peers() -> list[str]:
    """Return a sentence for each peer that is not installed."""
    return [
        f"{name} is not installed, so it is left out: install it with `make peers`."
        for name in ("hnswlib", "usearch")
        if find_spec(name) is None
    ]
