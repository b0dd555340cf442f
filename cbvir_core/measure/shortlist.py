"""The index of keyframes against exact search through the same rows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from cbvir_core.calibration import KnownFrames
from cbvir_core.index import Index
from cbvir_core.index.effort import NearestItems
from cbvir_core.store import Generation, Store
from cbvir_core.types import RowNumbers, Rows

NEIGHBOURS = 100
"""Neighbours that are looked up: recall@100 is what each segment of the index is tuned for."""

SHORTLIST_QUERIES = 50

MOVED_SHARE = 0.2
"""Share of another keyframe's descriptor in a query, which moves it about as far as a caption does."""

BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class ShortlistMeasure:
    """Milliseconds of one look-up of 100 neighbours, by the index and exactly, and how many it finds.

    - `rows`: keyframes among which was searched; below 101 nothing is measured, and all else is 0.
    - `exact_ms`: the arithmetic of exact search, with the descriptors in memory; reading them comes on top.
    - `recall`: the share of the exact 100 nearest that the index names.
    """

    rows: int
    p50_ms: float
    p95_ms: float
    exact_ms: float
    recall: float


def measure_shortlist(
    store: Store, known: KnownFrames, index: Index, generation: Generation, seed: int
) -> ShortlistMeasure:
    """Look up the neighbours of moved descriptors of known scenes by the index, and exactly.

    Reads every descriptor of the generation once, a block at a time.
    """
    rows = np.sort(np.array(known.rows, np.int64))
    if len(rows) <= NEIGHBOURS:
        return ShortlistMeasure(len(rows), 0.0, 0.0, 0.0, 0.0)
    queries = _queries(store, generation, rows, seed)
    found, spent_ms = [], []
    for query in queries:
        begun = time.perf_counter()
        found.append(index.search(query, NEIGHBOURS).rows)
        spent_ms.append(1000.0 * (time.perf_counter() - begun))
    exact, exact_ms = _exact(store, generation, rows, queries)
    shares = [len(np.intersect1d(one, other)) / NEIGHBOURS for one, other in zip(found, exact, strict=True)]
    p50, p95 = np.percentile(spent_ms, [50, 95])
    return ShortlistMeasure(len(rows), float(p50), float(p95), exact_ms, float(np.mean(shares)))


def _queries(store: Store, generation: Generation, rows: RowNumbers, seed: int) -> Rows:
    """Return unit descriptors near those of rows by chance, none of them a row itself."""
    rng = np.random.default_rng(seed)
    pairs = np.sort(rng.choice(rows, (2, SHORTLIST_QUERIES)))
    (one, known), (other, known_too) = (store.present_filter_rows(generation, side) for side in pairs)
    both = min(np.count_nonzero(known), np.count_nonzero(known_too))
    moved = (1.0 - MOVED_SHARE) * one[:both] + MOVED_SHARE * rng.permutation(other)[:both]
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def _exact(
    store: Store, generation: Generation, rows: RowNumbers, queries: Rows
) -> tuple[list[RowNumbers], float]:
    """Return the exact nearest rows of each query, and the milliseconds of arithmetic for each."""
    nearest, seen, spent_s = NearestItems(queries, NEIGHBOURS), list[RowNumbers](), 0.0
    count = 0
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        vectors, present = store.present_filter_rows(generation, block)
        begun = time.perf_counter()
        nearest.update(count, vectors)
        spent_s += time.perf_counter() - begun
        seen.append(block[present])
        count += len(vectors)
    numbered = np.concatenate(seen)
    return [numbered[items] for items in nearest.first(NEIGHBOURS)], 1000.0 * spent_s / len(queries)
