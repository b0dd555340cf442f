"""Inverted lists over the items of a segment: four bits for two components, scanned by faiss's fast scan.

An item is in the list of its nearest centroid, and a search scans the lists of the centroids nearest to the
query.  Descriptors of the built-in filter are whitened: 416 of 512 components hold nine tenths of the
variance, and the lists that hold .98 of the 100 nearest of 100,000 rows hold three fifths of all.  So what
counts is that a code is scanned quickly: in registers, 32 at a time (André, Kermarrec and Le Scouarnec, VLDB
2015), 16 ns for the 128 bytes of one row of 512 components.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from cbvir_core.index.frame_codec import use_one_thread
from cbvir_core.index.item_search import NearItems
from cbvir_core.index.pause import Pause
from cbvir_core.types import RowMask, Rows

SMALLEST_LIST = 512
"""Items of a list, on the mean, at least: fewer, larger ones are scanned as fast."""

LIST_SHARE = 1.0
"""Lists, in units of the square root of the items."""

CODE_COMPONENTS, CODE_BITS_OF_THESE = 2, 4

SAMPLE_PER_LIST = 48
CENTROID_ROUNDS = 8
LEARNT_AT_ONCE = 8192  # rows that are compared with the centroids between two pauses
FIRST_LISTS, LISTS_GROWTH = 1, 1.25


class Lists:
    """Inverted lists of projected rows: an `ItemSearch`, whose effort is the number of lists scanned."""

    def __init__(self, lists: Any) -> None:
        self._lists = lists

    @classmethod
    def open(cls, path: Path, width: int) -> Lists:
        """Read a file of lists; raises RuntimeError where it is none, or of another width."""
        lists = faiss.read_index(str(path))
        if lists.d != width:
            raise RuntimeError(f"{path} holds items of another width")
        return cls(lists)

    @property
    def parts(self) -> int:
        """Inverted lists."""
        return int(self._lists.nlist)

    @property
    def efforts(self) -> tuple[int, int, float]:
        """Lists: one, all, and the factor."""
        return FIRST_LISTS, self.parts, LISTS_GROWTH

    def __len__(self) -> int:
        return int(self._lists.ntotal)

    def nearest(self, projected: Rows, count: int, effort: int, allowed: RowMask | None = None) -> NearItems:
        """Return up to `count` items of the `effort` lists nearest to a row.

        Where only some are allowed, all lists are searched, and no others are returned.
        """
        use_one_thread()
        parameters = faiss.SearchParametersIVF(nprobe=min(effort, self.parts))
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = faiss.SearchParametersIVF(nprobe=self.parts, sel=selector)
        squares, items = self._lists.search(np.atleast_2d(projected), count, params=parameters)
        found = items[0] >= 0
        return NearItems(items[0][found], squares[0][found])

    def save(self, path: Path) -> None:
        """Write the file; faiss itself does not notice a full disk when it closes one."""
        with path.open("wb") as file:
            faiss.write_index(self._lists, faiss.PyCallbackIOWriter(file.write))


class ListBuilder:
    """Takes in projected rows and puts them into lists."""

    def __init__(self, centroids: Rows, sample: Rows) -> None:
        """Begin with the centroids of the lists, and learn the codes from a sample (S x d)."""
        use_one_thread()
        count, width = centroids.shape
        quantisers = width // CODE_COMPONENTS if width % CODE_COMPONENTS == 0 else width
        coarse = faiss.IndexFlatL2(width)
        coarse.add(centroids)
        lists = faiss.IndexIVFPQFastScan(coarse, width, count, quantisers, CODE_BITS_OF_THESE)
        lists.own_fields = True
        coarse.this.disown()
        lists.by_residual = False  # one table of distances is enough for a query then
        lists.pq.cp.min_points_per_centroid = 1  # fewer are a warning each
        lists.train(np.resize(sample, (max(len(sample), 1 << CODE_BITS_OF_THESE), width)))
        self._lists = lists

    def add(self, projected: Rows) -> None:
        """Put rows into their lists."""
        use_one_thread()
        self._lists.add(np.ascontiguousarray(projected))

    def built(self) -> Lists:
        """Return the lists of all rows."""
        return Lists(self._lists)


def list_count(items: int) -> int:
    """Return how many lists so many items are put into."""
    return max(1, min(round(LIST_SHARE * math.sqrt(items)), items // SMALLEST_LIST))


def learnt_centroids(sample: Rows, count: int, pause: Pause) -> Rows:
    """Return centroids of a sample by k-means, the same for the same sample.

    A centroid that no row is near stays.
    """
    use_one_thread()
    draws = np.random.default_rng(count)
    centroids = sample[draws.choice(len(sample), count, replace=False)]
    for _ in range(CENTROID_ROUNDS if count > 1 else 1):
        nearest = faiss.IndexFlatL2(sample.shape[1])
        nearest.add(centroids)
        sums, sizes = np.zeros_like(centroids), np.zeros(count, np.float32)
        for start in range(0, len(sample), LEARNT_AT_ONCE):
            part = sample[start : start + LEARNT_AT_ONCE]
            own = nearest.search(part, 1)[1][:, 0]
            np.add.at(sums, own, part)
            sizes += np.bincount(own, minlength=count).astype(np.float32)
            pause()
        kept = sizes > 0
        centroids[kept] = sums[kept] / sizes[kept, None]
    return centroids
