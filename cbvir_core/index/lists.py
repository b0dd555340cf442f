"""Inverted lists over the items of a segment: eight bits of each component, scanned by faiss.

An item is in the list of its nearest centroid, and a search scans the lists of the centroids nearest to the
query.  The codes are mapped from their file, so that a segment of any size takes no memory of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from cbvir_core.index.frame_codec import use_one_thread
from cbvir_core.types import RowNumbers, Rows

SMALLEST_LIST = 256
"""Items of a list, on the mean, where there are few: fewer, larger ones are scanned as fast."""

LIST_SHARE = 2.0
"""Lists, in units of the square root of the items: comparing with centroids then costs what scanning does."""

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
        """Map a file of lists; raises RuntimeError where it is none, or of another width."""
        lists = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
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

    def nearest(self, projected: Rows, count: int, effort: int) -> RowNumbers:
        """Return up to `count` items of the `effort` lists nearest to a row."""
        use_one_thread()
        parameters = faiss.SearchParametersIVF(nprobe=min(effort, self.parts))
        items = self._lists.search(np.atleast_2d(projected), count, params=parameters)[1][0]
        found: RowNumbers = items[items >= 0]
        return found

    def save(self, path: Path) -> None:
        """Write the file; faiss itself does not notice a full disk when it closes one."""
        with path.open("wb") as file:
            faiss.write_index(self._lists, faiss.PyCallbackIOWriter(file.write))


class ListBuilder:
    """Takes in projected rows and puts them into lists."""

    def __init__(self, centroids: Rows, sample: Rows) -> None:
        """Begin with the centroids of the lists, and the components' ranges in a sample (S x d)."""
        use_one_thread()
        count, width = centroids.shape
        coarse = faiss.IndexFlatL2(width)
        coarse.add(centroids)
        lists = faiss.IndexIVFScalarQuantizer(
            coarse, width, count, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2, False
        )
        lists.own_fields = True
        coarse.this.disown()
        lists.train(sample)
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


def learnt_centroids(sample: Rows, count: int, pause: Callable[[], None]) -> Rows:
    """Return centroids of a sample by k-means, the same for the same sample.

    `pause` is called every few milliseconds, and may raise.  A centroid that no row is near stays.
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
