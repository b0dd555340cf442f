"""The quick look at a file of inverted lists: four bits for each byte of a code, in lists of the same order.

Each codebook of 256 centroids is put into 16 groups, and a code names the group of each of its bytes.  These
codes are made of the codes of the lists alone, and scanned in registers, 32 at a time (André, Kermarrec and
Le Scouarnec, VLDB 2015).  What they find is compared again by the whole codes, in their place in the lists.
Both are mapped from files.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from cbvir_core.index.frame_codec import Codes, FrameCodec, use_one_thread
from cbvir_core.index.frame_numbers import ViewNumbers
from cbvir_core.index.pause import Pause, no_pause
from cbvir_core.types import Floats

SCANNED_FROM = 1_048_576
"""Codes of a file from which a quick look takes half as long as comparing with whole codes."""

SCAN_BLOCK = 32  # codes that are scanned at once
GROUPS = 16
GROUP_ROUNDS, GROUP_SEED = 20, 1
COMPARED_AGAIN, MORE_COMPARED_AGAIN = 2, 256
"""Codes that are compared again, in units of those that are wanted, and how many more."""

IMPLEMENTATION = 13  # of faiss: all queries read a list together, and it need not be aligned
CodePlaces = npt.NDArray[np.int64]
"""Where codes are in a file: -1 stands for no code."""

PLACE_BITS = 32  # of a place: the list above, the number in the list below
ORDER = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])
"""Codes of a block in the order in which a register holds them."""


class FrameScan:
    """Finds the nearest codes of lists that are mapped from a file."""

    def __init__(self, lists: Any, grouped: Any, codec: FrameCodec) -> None:
        self._lists, self._grouped = lists, grouped
        quantisers, width = codec.codebooks.shape[0], codec.codebooks.shape[2]
        books = faiss.vector_to_array(grouped.pq.centroids)[: quantisers * GROUPS * width]
        coarse = faiss.IndexFlatIP(lists.d)
        coarse.add(codec.centroids)
        scan = faiss.IndexIVFPQFastScan(
            coarse, lists.d, lists.nlist, quantisers, 4, faiss.METRIC_INNER_PRODUCT, SCAN_BLOCK
        )
        scan.own_fields, scan.by_residual, scan.is_trained = True, True, True
        coarse.this.disown()
        faiss.copy_array_to_vector(books, scan.pq.centroids)
        scan.replace_invlists(grouped.invlists, False)
        scan.ntotal, scan.implem = grouped.ntotal, IMPLEMENTATION
        self._scan = scan
        self._codes, self._code_starts = _region(lists, lists.invlists.get_codes, lists.code_size)
        self._numbers, self._number_starts = _region(lists, lists.invlists.get_ids, 8)

    @classmethod
    def open(cls, path: Path, lists: Any, codec: FrameCodec) -> FrameScan:
        """Map a file that `write_scan` wrote of these lists; raises RuntimeError."""
        grouped = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if grouped.nlist != lists.nlist:
            raise RuntimeError(f"{path} is of other lists")
        return cls(lists, grouped, codec)

    def look(self, queries: Floats, count: int, probed: int) -> tuple[Floats, CodePlaces]:
        """Return about the cosines of the `count` nearest codes of each query, and their places, Q x count.

        A place is -1 where there are fewer.
        """
        parameters = faiss.SearchParametersIVF(nprobe=min(probed, self._lists.nlist))
        cosines, places = self._scan.search(queries, count, params=parameters)
        return cosines, places

    def held_at(self, places: CodePlaces) -> tuple[npt.NDArray[np.int64], Codes, ViewNumbers]:
        """Return the list, the whole code and the number of the view at each place."""
        lists, within = places >> PLACE_BITS, places & ((1 << PLACE_BITS) - 1)
        codes = self._codes[self._code_starts[lists] + within * self._lists.code_size]
        numbers = self._numbers[self._number_starts[lists] + within * 8].view(np.int64)[:, 0]
        return lists, codes, numbers


def scanned(
    scans: Sequence[FrameScan], codec: FrameCodec, queries: Floats, k: int, probed: int
) -> list[tuple[Floats, ViewNumbers]]:
    """Return cosines and numbers of the k nearest views of each query in several files, in any order.

    What all files together have nearest by the quick look is compared by whole codes.
    """
    count = COMPARED_AGAIN * k + MORE_COMPARED_AGAIN
    looks = [scan.look(queries, count, probed) for scan in scans]
    cosines, places = (np.concatenate(parts, axis=1) for parts in zip(*looks, strict=True))
    files = np.repeat(np.arange(len(scans)), [own.shape[1] for own, _ in looks])
    cosines[places < 0] = -np.inf
    if cosines.shape[1] > count:
        best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    else:
        best = np.broadcast_to(np.arange(cosines.shape[1]), cosines.shape)
    books = codec.codebooks
    tables = np.matmul(books, queries.reshape(len(queries), len(books), -1).transpose(1, 2, 0))
    of_lists = queries @ codec.centroids.T
    found = []
    for number, chosen in enumerate(best):
        chosen = chosen[places[number, chosen] >= 0]
        parts = [
            scan.held_at(places[number, chosen[files[chosen] == file]]) for file, scan in enumerate(scans)
        ]
        lists, codes, numbers = (np.concatenate(part) for part in zip(*parts, strict=True))
        table = np.ascontiguousarray(tables[:, :, number]).ravel()
        measured = table[codes + np.arange(len(books)) * books.shape[1]].sum(axis=1) + of_lists[number, lists]
        found.append(_nearest(measured, numbers, k))
    return found


def _nearest(measured: Floats, numbers: ViewNumbers, k: int) -> tuple[Floats, ViewNumbers]:
    if len(measured) > k:
        best = np.argpartition(-measured, k - 1)[:k]
        measured, numbers = measured[best], numbers[best]
    return measured.astype(np.float32), numbers


def write_scan(lists: Any, codec: FrameCodec, writer: Any, pause: Pause = no_pause) -> None:
    """Write what `FrameScan` needs of lists to a writer of faiss."""
    use_one_thread()
    books, groups = _grouped_books(codec.codebooks)
    count, width = len(books) // 2, -(-books.size // (256 * (len(books) // 2)))
    grouped = faiss.IndexIVFPQ(faiss.IndexFlatIP(count * width), count * width, lists.nlist, count, 8)
    floats = np.zeros(count * width * 256, np.float32)
    floats[: books.size] = books.ravel()
    faiss.copy_array_to_vector(floats, grouped.pq.centroids)
    for number in range(lists.nlist):
        pause()
        size = lists.invlists.list_size(number)
        if size:
            held = faiss.rev_swig_ptr(lists.invlists.get_codes(number), size * lists.code_size)
            nibbles = groups[np.arange(len(books)), held.reshape(size, -1)]
            filling = -size % SCAN_BLOCK  # these have no place, so nobody finds them
            nibbles = np.pad(nibbles, ((0, filling), (0, 0)), mode="edge")
            places = np.concatenate([np.arange(size) + (number << PLACE_BITS), np.full(filling, -1)])
            packed, places = _packed(nibbles), places.astype(np.int64)
            grouped.invlists.add_entries(number, len(places), faiss.swig_ptr(places), faiss.swig_ptr(packed))
            grouped.ntotal += len(places)
    faiss.write_index(grouped, writer)


def is_scanned(lists: Any, codec: FrameCodec) -> bool:
    """Return whether lists are to have a scan: they are large, and faiss takes codes of this form."""
    return lists.ntotal >= SCANNED_FROM and len(codec.codebooks) % 2 == 0


def _grouped_books(codebooks: Floats) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Return 16 centroids of each codebook, M x 16 x W, and the group of each byte, M x 256."""
    width = codebooks.shape[2]
    books = np.zeros((len(codebooks), GROUPS, width), np.float32)
    groups = np.zeros(codebooks.shape[:2], np.uint8)
    for number, book in enumerate(codebooks):
        learnt = faiss.Kmeans(width, GROUPS, niter=GROUP_ROUNDS, seed=GROUP_SEED, min_points_per_centroid=1)
        learnt.train(np.ascontiguousarray(book))
        books[number], groups[number] = learnt.centroids, learnt.index.search(book, 1)[1][:, 0]
    return books, groups


def _packed(nibbles: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return N x M groups, N a multiple of 32, in the order that faiss scans."""
    blocks = nibbles.reshape(-1, SCAN_BLOCK, nibbles.shape[1] // 2, 2).transpose(0, 2, 3, 1)
    low, high = blocks[..., ORDER], blocks[..., ORDER + 16]
    return np.ascontiguousarray(low | (high << 4)).reshape(-1)


def _region(lists: Any, pointer_of: Any, width: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return every `width` bytes of the memory of the lists, by where they begin; where each list begins.

    All lists of a file lie in one piece of mapped memory.
    """
    sizes = np.array([lists.invlists.list_size(number) for number in range(lists.nlist)])
    starts = np.array([int(pointer_of(number)) if sizes[number] else 0 for number in range(lists.nlist)])
    held = np.flatnonzero(sizes)
    first, end = int(starts[held].min()), int((starts[held] + sizes[held] * width).max())
    memory = np.ctypeslib.as_array((ctypes.c_uint8 * (end - first)).from_address(first))
    return np.lib.stride_tricks.sliding_window_view(memory, width), starts - first
