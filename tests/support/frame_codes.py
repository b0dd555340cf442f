"""A small codec of views, a log of scenes in memory, and exact search over the codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy

from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.frame_lists import FrameNeighbours
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.store import Store
from cbvir_core.types import Floats, FrameCodes, RowNumbers, Rows
from support.row_store import normalised

DIM = 12
"""Length of the descriptors of `small_codec`."""

Nearest = list[tuple[int, int, int, float]]
"""Row, frame, view and cosine of each neighbour."""


def small_codec(folder: Path, *, seed: int = 0, lists: int = 8) -> FrameCodec:
    """Return a codec of 12 dimensions to 8, with random centroids.  Its eight lists are all searched."""
    rng = np.random.default_rng(seed)
    tensors = {
        "mean": 0.1 * rng.standard_normal(DIM),
        "projection": np.linalg.qr(rng.standard_normal((DIM, DIM)))[0][:8],
        "centroids": normalised(rng.standard_normal((lists, 8)).astype(np.float32)),
        "codebooks": 0.3 * rng.standard_normal((4, 256, 2)),
    }
    path = folder / f"codec-{seed}.safetensors"
    safetensors.numpy.save_file({name: part.astype(np.float16) for name, part in tensors.items()}, path)
    return FrameCodec(path)


def scene(codec: FrameCodec, rows: Rows, views: int = 1) -> FrameCodes:
    """Return the codes of a scene of which `rows` are all views, frame by frame."""
    codes = codec.encode(rows.reshape(len(rows) // views, views, -1))
    return FrameCodes(np.arange(len(codes), dtype=np.float64), codes)


class LoggedFrames:
    """A `FrameSource` in memory, with the log of what was added to it and removed from it."""

    def __init__(self) -> None:
        self.identity = SourceIdentity("a store", 1, "a codec")
        self.scenes: dict[int, FrameCodes] = {}
        self.added_at: dict[int, int] = {}
        self._changes = 0

    def last_change(self) -> int:
        return self._changes

    def read(self, rows: Sequence[int]) -> list[FrameCodes | None]:
        return [self.scenes.get(row) for row in rows]

    def add(self, scenes: Sequence[FrameCodes]) -> RowNumbers:
        rows = np.arange(len(self.added_at), len(self.added_at) + len(scenes), dtype=np.int64)
        for row, codes in zip(rows.tolist(), scenes, strict=True):
            self._changes += 1
            self.scenes[row], self.added_at[row] = codes, self._changes
        return rows

    def remove(self, rows: RowNumbers) -> None:
        for row in rows.tolist():
            self._changes += 1
            del self.scenes[row]

    def live_rows(self) -> RowNumbers:
        return np.array(sorted(self.scenes), dtype=np.int64)


def exact_neighbours(scenes: dict[int, FrameCodes], codec: FrameCodec, query: Floats, k: int) -> Nearest:
    """Return the k nearest views of a projected query, by comparing it with every decoded code."""
    found: Nearest = []
    for row, codes in scenes.items():
        frames, views, width = codes.codes.shape
        cosines = codec.decode(codes.codes.reshape(-1, width)) @ query
        places = ((row, frame, view) for frame in range(frames) for view in range(views))
        found += [(*place, cosine) for place, cosine in zip(places, cosines.tolist(), strict=True)]
    return sorted(found, key=lambda one: (-one[3], one[:3]))[:k]


def as_list(found: FrameNeighbours) -> Nearest:
    """Return neighbours in the form of `exact_neighbours`."""
    return list(zip(*(part.tolist() for part in found), strict=True))


def unit_rows(count: int, seed: int, dim: int = DIM) -> Rows:
    """Return random unit rows."""
    return normalised(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32))


def code_waiting(store: Store, codec: FrameCodec, limit: int = 10_000) -> list[int]:
    """Store codes of rows that wait for them, three frames of two views each; return the rows."""
    rows = store.rows_without_frames(limit)
    store.put_frame_codes({row: scene(codec, unit_rows(6, row), views=2) for row in rows})
    return rows
