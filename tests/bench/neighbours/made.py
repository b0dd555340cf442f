"""A set of any size: real rows first, then rows that are made where real rows lie.

A made row lies around a real one, in the directions of its real neighbours and as far away as one of them:
a random combination of the differences to `NEIGHBOURHOOD` neighbours, as long as the distance to one of the
nearest `REACH`.  So crowded places stay crowded, empty ones empty, and the directions that descriptors take
stay few.  `density` measures how well that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from bench.neighbours.described import RealRows
from cbvir_core.files import replacing
from cbvir_core.index.neighbours import nearest
from cbvir_core.index.projection import Projection
from cbvir_core.types import RowNumbers, Rows

NEIGHBOURHOOD, REACH = 16, 8
MADE_AT_ONCE = 8192
LOOKED_UP_LISTS, LOOKED_UP_IN = 256, 16
MIXED_SHARE = 0.2
DENSITY_QUERIES = 200
DENSITY_NEIGHBOURS = (1, 10, 100)


@dataclass(frozen=True, slots=True, eq=False)
class QueryRows:
    """Rows that are in no set: to tune with, and to measure with."""

    tuning: Rows
    measured: Rows


def row_file(real: RealRows, size: int, data: Path) -> Path:
    """Return a file of `size` rows (float16): whole pictures, their windows, then made rows."""
    path = data / f"rows-{size}.npy"
    if not path.exists():
        with replacing(path) as fresh:
            rows = np.lib.format.open_memmap(
                fresh, mode="w+", dtype=np.float16, shape=(size, real.whole.shape[1])
            )
            filled = 0
            for part in _parts(real, size):
                rows[filled : filled + len(part)] = part
                filled += len(part)
            rows.flush()
    return path


def _parts(real: RealRows, size: int) -> Iterator[Rows]:
    pool = np.concatenate([real.whole, real.windows])[:size]
    yield pool
    if size > len(pool):
        yield from enlarged(pool, size - len(pool), seed=size)


def enlarged(pool: Rows, count: int, seed: int) -> Iterator[Rows]:
    """Yield `count` rows in parts, made around rows of the pool."""
    draws, neighbours = np.random.default_rng(seed), _neighbours(pool)
    for start in range(0, count, MADE_AT_ONCE):
        own = draws.integers(0, len(pool), min(MADE_AT_ONCE, count - start))
        around = pool[neighbours[own]] - pool[own][:, None]
        reach = np.linalg.norm(around[:, :REACH], axis=2)[
            np.arange(len(own)), draws.integers(0, REACH, len(own))
        ]
        weights = draws.standard_normal(around.shape[:2]).astype(np.float32)
        moved = np.einsum("nk,nkd->nd", weights, around)
        moved *= (reach / np.maximum(np.linalg.norm(moved, axis=1), 1e-9))[:, None]
        yield normalised(pool[own] + moved)


def _neighbours(pool: Rows) -> RowNumbers:
    """Return the nearest rows of each row, itself left out; one in many may be missed."""
    lists = faiss.IndexIVFFlat(faiss.IndexFlatL2(pool.shape[1]), pool.shape[1], LOOKED_UP_LISTS)
    lists.cp.max_points_per_centroid, lists.nprobe = 64, LOOKED_UP_IN
    lists.train(pool)
    lists.add(pool)
    _, found = lists.search(pool, NEIGHBOURHOOD + 1)
    numbers: RowNumbers = np.where(found < 0, np.arange(len(pool))[:, None], found)[:, 1:]
    return numbers


def query_rows(real: RealRows, tuning: int, measured: int) -> QueryRows:
    """Return held-out pictures, and rows of the smallest set that were moved towards one, in turn.

    A fifth of another row moves a descriptor about as far as a crop or a caption does.
    """
    draws, count = np.random.default_rng(1), tuning + measured
    strangers = real.held_out[draws.permutation(len(real.held_out))[:count]]
    known = real.whole[draws.integers(0, min(len(real.whole), 8192), count)]
    share = np.where(np.arange(count) % 2, MIXED_SHARE, 1.0).astype(np.float32)[:, None]
    rows = normalised(share * strangers + (1.0 - share) * known)
    return QueryRows(rows[:tuning], rows[tuning:])


def density(real: RealRows) -> list[tuple[int, float, float]]:
    """Return for the 1st, 10th and 100th neighbour its mean distance among real rows and among made ones.

    Half of the whole pictures, enlarged to all, stand against all that are real.
    """
    half = real.whole[: len(real.whole) // 2]
    made = np.concatenate([half, *enlarged(half, len(real.whole) - len(half), seed=0)])
    found = []
    for rows in (real.whole, made):
        numbers, last = np.arange(len(rows)), DENSITY_NEIGHBOURS[-1]
        near = [nearest(query, numbers, rows, last).distances for query in real.held_out[:DENSITY_QUERIES]]
        found.append(np.mean(near, axis=0))
    return [(place, float(found[0][place - 1]), float(found[1][place - 1])) for place in DENSITY_NEIGHBOURS]


def components(real: RealRows, variance: float) -> tuple[int, int]:
    """Return how many principal components hold a share of the pictures' variance, and how many all do."""
    return Projection.fit(real.whole[:8192], variance).dimensions, real.whole.shape[1]


def normalised(rows: Rows) -> Rows:
    """Return rows of unit norm."""
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
