"""A store that takes descriptors without pictures, and exact search over it."""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np

from cbvir_core.index import Index, IndexOptions, Neighbours
from cbvir_core.index.neighbours import NO_NEIGHBOURS
from cbvir_core.index.segment import Segment
from cbvir_core.index.segment_index import SegmentIndex
from cbvir_core.store import Generation, Store
from cbvir_core.types import Keyframe, Rows, VideoId, VideoInfo

DEFAULTS = IndexOptions()
PICTURE = np.zeros((2, 2, 3), dtype=np.uint8)


class RowStore:
    """A store of one generation in `folder`, with indices of it and their true answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "store")
        self.generation: Generation = self.store.generation("filter", None)
        self.store.set_answering(self.generation)
        self._names = count(self.store.last_row())

    def add(self, rows: Rows, quality: float = 1.0) -> VideoId:
        """Add one complete video of these descriptors; blank keyframes have no quality."""
        video = VideoId(f"{next(self._names):08x}")
        fields = (1, "mp4", "h264", 2, 2, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 1.0)
        self.store.begin(VideoInfo(Path(f"/{video}.mp4"), video, *fields))
        times = range(len(rows))
        keyframes = [Keyframe(float(n), float(n), n + 1.0, PICTURE, quality) for n in times]
        self.store.append(video, keyframes, self.generation, rows)
        self.store.finish(video, damaged=0, duration_s=None)
        return video

    def index(
        self, kind: str = "annoy", *, seal_at: int = DEFAULTS.seal_at, largest: int = DEFAULTS.largest
    ) -> Index:
        """Open an index of the store; each kind has a folder of its own."""
        folder = self.folder / ("index" if kind == "annoy" else f"index-{kind}")
        options = IndexOptions(seal_at=seal_at, largest=largest)
        return Index.open(folder, self.store, self.generation, options, kind)

    def truth(self, query: Rows, k: int) -> Neighbours:
        """Return the exact neighbours, by comparing with every row of the store."""
        return self.truths(query[np.newaxis], k)[0]

    def truths(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return the exact neighbours of each query."""
        batches = list(self.store.scan_filter(self.generation))
        if not batches:
            return [NO_NEIGHBOURS] * len(queries)
        rows = np.concatenate([numbers for numbers, _ in batches])
        vectors = np.concatenate([vectors for _, vectors in batches])
        found = []
        for query in queries:
            distances = np.linalg.norm(vectors - query, axis=1)
            order = np.lexsort((rows, distances))[:k]
            found.append(Neighbours(rows[order], distances[order]))
        return found

    def assert_exact(self, index: Index, query: Rows, k: int) -> None:
        """The index gives live rows, each once, at the distances of the exact neighbours."""
        found, exact = index.search(query, k), self.truth(query, k)
        np.testing.assert_allclose(found.distances, exact.distances, atol=1e-5)
        assert len(set(found.rows.tolist())) == len(found.rows)
        assert self.store.searchable(found.rows).all()
        vectors = self.store.filter_rows(self.generation, found.rows)
        if len(found.rows):
            np.testing.assert_allclose(np.linalg.norm(vectors - query, axis=1), found.distances, atol=1e-5)

    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = Store.open(self.folder / "store")


def clustered(count: int, dim: int = 64, seed: int = 0, cluster_size: int = 12, spread: float = 0.5) -> Rows:
    """Return unit rows as keyframes have them.

    They lie in many clusters of similar rows, and most of their variance is in few directions.
    """
    rng = np.random.default_rng(seed)
    spectrum = (np.arange(1, dim + 1) ** -0.8).astype(np.float32)
    turn = np.linalg.qr(np.random.default_rng(99).standard_normal((dim, dim)))[0].astype(np.float32)
    centres = rng.standard_normal((max(1, count // cluster_size), dim)).astype(np.float32)
    rows = centres[rng.integers(0, len(centres), count)]
    rows = (rows + spread * rng.standard_normal((count, dim)).astype(np.float32)) * spectrum @ turn
    return normalised(rows + 0.5)


def mixed_queries(rows: Rows, count: int = 24) -> Rows:
    """Return queries that lie near rows without being them."""
    rng = np.random.default_rng(5)
    one, other = rng.integers(0, len(rows), (2, count))
    return normalised(0.85 * rows[one] + 0.15 * rows[other])


def normalised(rows: Rows) -> Rows:
    """Return rows of unit L2 norm."""
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def settle(index: Index) -> None:
    """Maintain an index until there is nothing to do."""
    while index.maintain():
        pass


def flip_unseen(path: Path) -> None:
    """Change a byte in the middle of a file that is open nowhere, but neither its size nor its time."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def segments_of(index: Index) -> tuple[Segment, ...]:
    """Return the segments that an ANNOY index has now."""
    assert isinstance(index._vectors, SegmentIndex)
    return index._vectors._view.segments


def mean_recall(row_store: RowStore, index: Index, queries: Rows, k: int = 100) -> float:
    """Return the mean share of the exact neighbours that the index gives."""
    exact = row_store.truths(queries, k)
    shares = [np.isin(e.rows, index.search(q, k).rows).mean() for q, e in zip(queries, exact, strict=True)]
    return float(np.mean(shares))
