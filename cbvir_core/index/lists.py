"""Inverted lists over the items of a segment: four bits for two components, scanned by faiss's fast scan.

An item is in the list of its nearest centroid, and a search scans the lists of the centroids nearest to the
query.  Descriptors of the built-in filter are whitened: 416 of 512 components hold nine tenths of the
variance, and the lists that hold .98 of the 100 nearest of 100,000 rows hold three fifths of all.  So what
counts is that a code is scanned quickly: in registers, 32 at a time (André, Kermarrec and Le Scouarnec, VLDB
2015), 16 ns for the 128 bytes of one row of 512 components.

Lists of a file are mapped: a start reads none of them, and pages that a search reads belong to the kernel.
faiss maps no lists of its fast scan, so a file holds the same blocks of codes as lists of another kind.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from cbvir_core.index.frame_codec import use_one_thread
from cbvir_core.index.frame_scan import IMPLEMENTATION, SCAN_BLOCK
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


NO_ITEM = -1
"""The item number of what fills the last block of a list in a file.  No selector lets it be found."""


class Lists:
    """Inverted lists of projected rows: an `ItemSearch`, whose effort is the number of lists scanned.

    `held` is the open file where the lists are mapped.
    """

    def __init__(self, lists: Any, held: Any = None) -> None:
        self._lists, self._held = lists, held
        self._every_item = None if held is None else faiss.IDSelectorRange(0, lists.ntotal)

    @classmethod
    def open(cls, path: Path, width: int) -> Lists:
        """Map a file of lists; raises RuntimeError where it is none, or of another width.

        Files of versions before are read whole.
        """
        held = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if isinstance(held, faiss.IndexIVFPQFastScan) and held.d == width:
            return cls(held)
        carried = _carried_shape(width)
        if not isinstance(held, faiss.IndexIVFPQ) or (held.d, held.pq.M) != carried:
            raise RuntimeError(f"{path} holds no lists, or items of another width")
        return cls(_scan_of(held, width), held)

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
        parameters = faiss.SearchParametersIVF(nprobe=min(effort, self.parts), sel=self._every_item)
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = faiss.SearchParametersIVF(nprobe=self.parts, sel=selector)
        squares, items = self._lists.search(np.atleast_2d(projected), count, params=parameters)
        found = items[0] >= 0
        return NearItems(items[0][found], squares[0][found])

    def save(self, path: Path) -> None:
        """Write the file; faiss itself does not notice a full disk when it closes one."""
        with path.open("wb") as file:
            faiss.write_index(_carrier_of(self._lists), faiss.PyCallbackIOWriter(file.write))


def _carried_shape(width: int) -> tuple[int, int]:
    """Return width and bytes of a code of the lists in a file: the bytes hold two codes of four bits each."""
    code_bytes = (_quantisers(width) + 1) // 2
    return -(-width // code_bytes) * code_bytes, code_bytes


def _carrier_of(lists: Any) -> Any:
    """Return lists that faiss maps, with the blocks of codes, the centroids and the codebooks of `lists`."""
    width, code_bytes = _carried_shape(lists.d)
    centroids = faiss.downcast_index(lists.quantizer).reconstruct_n(0, lists.nlist)
    coarse = faiss.IndexFlatL2(width)
    coarse.add(np.pad(centroids, ((0, 0), (0, width - lists.d))))
    carrier = faiss.IndexIVFPQ(coarse, width, lists.nlist, code_bytes, 8)
    books = faiss.vector_to_array(lists.pq.centroids)
    carried_books = np.zeros(width << 8, np.float32)
    carried_books[: len(books)] = books
    faiss.copy_array_to_vector(carried_books, carrier.pq.centroids)
    blocks = lists.invlists
    for number in range(lists.nlist):
        size = blocks.list_size(number)
        if not size:
            continue
        filled = -(-size // SCAN_BLOCK) * SCAN_BLOCK
        items = np.full(filled, NO_ITEM, np.int64)
        items[:size] = faiss.rev_swig_ptr(blocks.get_ids(number), size)
        carrier.invlists.add_entries(number, filled, faiss.swig_ptr(items), blocks.get_codes(number))
    carrier.ntotal = lists.ntotal
    return carrier


def _scan_of(carrier: Any, width: int) -> Any:
    """Return the fast scan of lists that `_carrier_of` made.  These must outlive it."""
    coarse = faiss.IndexFlatL2(width)
    coarse.add(np.ascontiguousarray(carrier.quantizer.reconstruct_n(0, carrier.nlist)[:, :width]))
    quantisers = _quantisers(width)
    scan = faiss.IndexIVFPQFastScan(coarse, width, carrier.nlist, quantisers, CODE_BITS_OF_THESE)
    scan.own_fields, scan.by_residual, scan.is_trained = True, False, True
    coarse.this.disown()
    books = faiss.vector_to_array(carrier.pq.centroids)[: scan.pq.centroids.size()]
    faiss.copy_array_to_vector(np.ascontiguousarray(books), scan.pq.centroids)
    scan.replace_invlists(carrier.invlists, False)
    scan.ntotal, scan.implem = carrier.ntotal, IMPLEMENTATION
    return scan


def _quantisers(width: int) -> int:
    """Return how many codes a row of so many components has."""
    return width // CODE_COMPONENTS if width % CODE_COMPONENTS == 0 else width


class ListBuilder:
    """Takes in projected rows and puts them into lists."""

    def __init__(self, centroids: Rows, sample: Rows) -> None:
        """Begin with the centroids of the lists, and learn the codes from a sample (S x d)."""
        use_one_thread()
        count, width = centroids.shape
        coarse = faiss.IndexFlatL2(width)
        coarse.add(centroids)
        lists = faiss.IndexIVFPQFastScan(coarse, width, count, _quantisers(width), CODE_BITS_OF_THESE)
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
