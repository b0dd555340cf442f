"""A store that takes descriptors without pictures, and exact search over it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.index import Index, IndexOptions, Neighbours
from cbvir_core.index.exact import NOBODY
from cbvir_core.store import Generation, Store
from cbvir_core.types import Keyframe, Rows, VideoId, VideoInfo

PICTURE = np.zeros((2, 2, 3), dtype=np.uint8)


class Shelf:
    """A store, one generation, and the truth about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "store")
        self.generation: Generation = self.store.generation("filter", None)
        self.store.set_answering(self.generation)
        self._names = count(self.store.last_row())

    def add(self, rows: Rows, quality: float = 1.0) -> VideoId:
        """One complete video of these descriptors; blank keyframes have no quality."""
        video = VideoId(f"{next(self._names):08x}")
        info = VideoInfo(
            Path(f"/{video}.mp4"),
            video,
            1,
            "mp4",
            "h264",
            2,
            2,
            0,
            Fraction(1),
            Fraction(1),
            Fraction(0),
            1.0,
            1.0,
        )
        self.store.begin(info)
        times = range(len(rows))
        keyframes = [Keyframe(float(n), float(n), n + 1.0, PICTURE, quality) for n in times]
        self.store.append(video, keyframes, self.generation, rows)
        self.store.finish(video, damaged=0, duration_s=None)
        return video

    def index(self, **options: int) -> Index:
        return Index.open(self.folder / "index", self.store, self.generation, IndexOptions(**options))

    def truth(self, query: Rows, k: int) -> Neighbours:
        """Exact neighbours by comparing with every row of the store."""
        return self.truths(query[np.newaxis], k)[0]

    def truths(self, queries: Rows, k: int) -> list[Neighbours]:
        batches = list(self.store.scan_filter(self.generation))
        if not batches:
            return [NOBODY] * len(queries)
        rows = np.concatenate([numbers for numbers, _ in batches])
        vectors = np.concatenate([vectors for _, vectors in batches])
        found = []
        for query in queries:
            distances = np.linalg.norm(vectors - query, axis=1)
            order = np.lexsort((rows, distances))[:k]
            found.append(Neighbours(rows[order], distances[order]))
        return found

    def agrees(self, index: Index, query: Rows, k: int) -> None:
        """The index gives live rows, each once, at the distances of the exact neighbours."""
        found, exact = index.search(query, k), self.truth(query, k)
        np.testing.assert_allclose(found.distances, exact.distances, atol=1e-5)
        assert len(set(found.rows.tolist())) == len(found.rows)
        assert self.store.searchable(found.rows).all()
        vectors = self.store.filter_rows(self.generation, found.rows)
        if len(found.rows):
            np.testing.assert_allclose(np.linalg.norm(vectors - query, axis=1), found.distances, atol=1e-5)

    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.folder / "store")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory() as folder:
        made = Shelf(Path(folder))
        yield made
        made.store.close()


@pytest.fixture(scope="session")
def new_shelf() -> Callable[[Path], Shelf]:
    return Shelf


@pytest.fixture(scope="session")
def clustered() -> Callable[..., Rows]:
    """Unit rows as keyframes have them: many clusters of alike ones, most variance in few directions."""

    def make(count: int, dim: int = 64, seed: int = 0, alike: int = 12, spread: float = 0.5) -> Rows:
        chance = np.random.default_rng(seed)
        spectrum = (np.arange(1, dim + 1) ** -0.8).astype(np.float32)
        turn = np.linalg.qr(np.random.default_rng(99).standard_normal((dim, dim)))[0].astype(np.float32)
        centres = chance.standard_normal((max(1, count // alike), dim)).astype(np.float32)
        rows = centres[chance.integers(0, len(centres), count)]
        rows = (rows + spread * chance.standard_normal((count, dim)).astype(np.float32)) * spectrum @ turn
        rows = rows + 0.5
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return make
