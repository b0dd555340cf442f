"""Inverted lists of views: searching, copying and listing them.  faiss holds the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import faiss
import numpy as np
import numpy.typing as npt

from cbvir_core.index.frame_codec import Codes, FrameCodec, use_one_thread
from cbvir_core.index.frame_numbers import ViewNumbers, among, places_of, rows_of, view_numbers
from cbvir_core.index.frame_scan import FrameScan, scanned
from cbvir_core.index.frame_source import CodedScene
from cbvir_core.index.pause import Pause, no_pause
from cbvir_core.types import Floats, RowNumbers

PROBED_LISTS = 48
"""Inverted lists of 1,024 that are searched for one query view.  Among 7,006 frames in codes of 34 bytes, the
right frame is among the best 20 for .79 of the pages with 24 lists, for .90 with 48, 96 and all; other edits
do not differ."""


class FrameNeighbours(NamedTuple):
    """The nearest views of one query view, best first, each with its scene's row and its frame's number.

    `cosines` are approximate: those of the codes.
    """

    rows: RowNumbers
    frames: npt.NDArray[np.int64]
    views: npt.NDArray[np.int64]
    cosines: Floats


class ViewHits(NamedTuple):
    """Views that are near one query view, in any order."""

    cosines: Floats
    numbers: ViewNumbers


@dataclass(frozen=True, slots=True, eq=False)
class FrameSegment:
    """Inverted lists (a faiss IndexIVFPQ), and the rows in them, ascending.

    `scan` scans them more quickly, where they are mapped from a file.  Lists in memory grow under the lock of
    their owner until they are full; later nothing changes them.
    """

    lists: Any
    rows: RowNumbers
    scan: FrameScan | None = None

    def forgotten(self, dead: RowNumbers) -> int:
        """Return how many of the rows are among `dead`, which ascend."""
        return int(np.count_nonzero(among(self.rows, dead)))


def extended(segment: FrameSegment, scenes: Sequence[CodedScene]) -> FrameSegment:
    """Append the views of scenes to the lists of a segment; return the segment that holds them."""
    if not scenes:
        return segment
    numbers = np.concatenate([view_numbers(row, codes).ravel() for row, codes in scenes])
    codes = np.concatenate([codes.codes.reshape(-1, codes.codes.shape[-1]) for _, codes in scenes])
    use_one_thread()
    segment.lists.add_sa_codes(np.ascontiguousarray(codes), numbers)
    rows = np.array([row for row, _ in scenes], np.int64)
    return FrameSegment(segment.lists, np.union1d(segment.rows, rows))


def search_lists(
    lists: Any, queries: Floats, k: int, dead: RowNumbers, probed: int = PROBED_LISTS
) -> list[ViewHits]:
    """Return the k nearest views of each query (Q x P), without those of `dead` rows, which ascend.

    `probed` is how many of the lists are searched for each query.
    """
    use_one_thread()
    parameters = faiss.SearchParametersIVF(nprobe=probed)

    def search(wanted: int) -> list[ViewHits]:
        cosines, numbers = lists.search(queries, wanted, params=parameters)
        return [
            ViewHits(own[named >= 0], named[named >= 0]) for own, named in zip(cosines, numbers, strict=True)
        ]

    return _enough_alive(search, k, dead, lists.ntotal)


def search_files(
    segments: Sequence[FrameSegment],
    codec: FrameCodec,
    queries: Floats,
    k: int,
    dead: RowNumbers,
    probed: int = PROBED_LISTS,
) -> list[list[ViewHits]]:
    """Return what `search_lists` does, in parts; few are missed by the scans, which are used together."""
    use_one_thread()
    scans = [segment.scan for segment in segments if segment.scan is not None]
    plain = [segment.lists for segment in segments if segment.scan is None]
    parts = [search_lists(lists, queries, k, dead, probed) for lists in plain]

    def search(wanted: int) -> list[ViewHits]:
        return [ViewHits(*hits) for hits in scanned(scans, codec, queries, wanted, probed)]

    codes = sum(segment.lists.ntotal for segment in segments)
    return [*parts, _enough_alive(search, k, dead, codes)] if scans else parts


def _enough_alive(
    search: Callable[[int], list[ViewHits]], k: int, dead: RowNumbers, codes: int
) -> list[ViewHits]:
    """Return the hits that are not of `dead` rows.

    A forgotten still shot may take all k places, so more are looked up until k others are there or there
    are none.
    """
    wanted = k
    while True:
        found = search(wanted)
        alive = [~among(rows_of(hits.numbers), dead) for hits in found]
        enough = all(np.count_nonzero(own) >= k or len(own) < wanted for own in alive)
        if enough or wanted >= codes:
            return [
                ViewHits(one.cosines[own], one.numbers[own]) for one, own in zip(found, alive, strict=True)
            ]
        wanted = min(4 * wanted, codes)


def nearest_views(parts: Sequence[ViewHits], k: int) -> FrameNeighbours:
    """Return the k best of what several lists gave for one query."""
    cosines = np.concatenate([np.zeros(0, np.float32), *(part.cosines for part in parts)])
    numbers = np.concatenate([np.zeros(0, np.int64), *(part.numbers for part in parts)])
    order = np.lexsort((numbers, -cosines))[:k]
    return FrameNeighbours(*places_of(numbers[order]), cosines[order])


def copy_lists(source: Any, target: Any, left_out: RowNumbers, pause: Pause = no_pause) -> None:
    """Append the codes of all rows but those `left_out`, which ascend."""
    for number, numbers, codes in _entries(source):
        pause()
        kept = ~among(rows_of(numbers), left_out)
        ids, chosen = np.ascontiguousarray(numbers[kept]), np.ascontiguousarray(codes[kept])
        if len(ids):
            target.invlists.add_entries(number, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(chosen))
            target.ntotal += len(ids)


def rows_in(lists: Any) -> RowNumbers:
    """Return the rows of which views are in the lists, ascending."""
    present = np.zeros(0, np.bool_)  # a byte for each row number: all view numbers at once take far more
    for _, numbers, _ in _entries(lists):
        rows = rows_of(numbers)
        present = np.pad(present, (0, max(0, int(rows.max()) + 1 - len(present))))
        present[rows] = True
    return np.flatnonzero(present)


def _entries(lists: Any) -> Iterator[tuple[int, ViewNumbers, Codes]]:
    """Yield each list that is not empty: its number, its view numbers and its codes, which are not copied."""
    held, width = lists.invlists, lists.code_size
    for number in range(lists.nlist):
        size = held.list_size(number)
        if size:
            numbers = faiss.rev_swig_ptr(held.get_ids(number), size)
            codes = faiss.rev_swig_ptr(held.get_codes(number), size * width).reshape(size, width)
            yield number, numbers, codes
