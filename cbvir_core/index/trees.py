"""ANNOY trees over the items of a segment."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from annoy import AnnoyIndex

from cbvir_core.errors import StoreError
from cbvir_core.index.item_search import NearItems
from cbvir_core.types import RowMask, Rows

TREE_SEED = 20_240_826  # the same rows give the same trees
ADD_PAUSE_ROWS = 32  # rows passed to ANNOY between two pauses
FIRST_NODES, NODES_GROWTH = 512, 1.4


class Trees:
    """Trees of projected rows: an `ItemSearch`, whose effort is the number of nodes visited."""

    def __init__(self, trees: Any) -> None:
        self._trees = trees

    @classmethod
    def open(cls, path: Path, width: int) -> Trees:
        """Map a file of trees; raises OSError."""
        trees = AnnoyIndex(width, "euclidean")
        trees.load(str(path))
        return cls(trees)

    @property
    def parts(self) -> int:
        """Trees."""
        return int(self._trees.get_n_trees())

    @property
    def efforts(self) -> tuple[int, int, float]:
        """Nodes: a few, all, and the factor."""
        nodes = len(self) * self.parts
        return min(FIRST_NODES, nodes), nodes, NODES_GROWTH

    def __len__(self) -> int:
        return int(self._trees.get_n_items())

    def nearest(self, projected: Rows, count: int, effort: int, allowed: RowMask | None = None) -> NearItems:
        """Return up to `count` items, having visited `effort` nodes, without distances."""
        del allowed
        items = np.array(self._trees.get_nns_by_vector(projected.tolist(), count, effort), dtype=np.int64)
        return NearItems(items, np.zeros(len(items), np.float32))

    def save(self, path: Path) -> None:
        """Save the trees; ANNOY raises bare exceptions that end with an errno in brackets."""
        try:
            self._trees.save(str(path))
        except Exception as error:
            if code := re.search(r"\((\d+)\)$", str(error)):
                raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
            raise StoreError(f"the index cannot be written to {path}: {error}") from error


class TreeBuilder:
    """Takes in projected rows and makes trees of them."""

    def __init__(self, width: int, trees: int) -> None:
        self._trees = AnnoyIndex(width, "euclidean")
        self._trees.set_seed(TREE_SEED)
        self._count, self._wanted = 0, trees

    def add(self, projected: Rows) -> None:
        """Pass rows to ANNOY, with pauses for queries, since that holds the interpreter."""
        for start in range(0, len(projected), ADD_PAUSE_ROWS):
            part = projected[start : start + ADD_PAUSE_ROWS].tolist()
            for item, vector in enumerate(part, self._count + start):
                self._trees.add_item(item, vector)
            time.sleep(0)
        self._count += len(projected)

    def built(self) -> Trees:
        """Return the trees of all rows."""
        self._trees.build(self._wanted, n_jobs=1)
        return Trees(self._trees)
