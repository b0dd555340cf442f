"""Building a segment from rows of the store, beside the searches that go on.

It runs in a thread, not in a process: all of the expensive work but reading rows and passing them to ANNOY
releases the interpreter, and those two pause often.  Five small reads and dot products of a query took
.88 ms at the 99th percentile and 2 ms at most with nothing else going on, 1.06 and 5.7 ms while a segment
was built, and without the pauses 3.8 and 17 ms.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from annoy import AnnoyIndex

from cbvir_core.errors import StoreError
from cbvir_core.files import sync
from cbvir_core.index.effort import (
    CANDIDATE_COUNTS,
    TUNED_NEIGHBOURS,
    NearestItems,
    SearchEffort,
    tuned_effort,
    tuning_queries,
)
from cbvir_core.index.manifest import SegmentEntry, checksum, index_write_error
from cbvir_core.index.projection import Projection
from cbvir_core.index.segment import PROJECTION_FILE, ROWS_FILE, TREES_FILE
from cbvir_core.index.tail import ReadVectors, read_in_batches
from cbvir_core.types import RowNumbers, Rows

T = TypeVar("T")

PROJECTION_SAMPLE_ROWS = 8192  # rows that the projection is fitted on
TREE_SEED = 20_240_826  # the same rows give the same trees
BUILD_NICENESS = 5  # a third of others' time: with 10, a busy machine took two minutes for 100,000 rows
READ_PAUSE_ROWS = 512  # rows read from the store between two pauses
ADD_PAUSE_ROWS = 32  # rows passed to ANNOY between two pauses


@dataclass(frozen=True, slots=True)
class SegmentRecipe:
    """How segments are made.

    `trees` of ANNOY, the share of variance that the projection keeps, and the recall to tune for.
    """

    trees: int
    variance: float
    recall: float


def build_segment(
    home: Path,
    rows: RowNumbers,
    read: ReadVectors,
    recipe: SegmentRecipe,
    progress: Callable[[int], None] | None = None,
) -> SegmentEntry | None:
    """Write a segment of those of `rows` that the store still has into the new folder `home`.

    None where it has none of them.  Runs in a thread of low priority and returns once the files are on
    the disk; after an error the folder is gone.  `progress` is called with the rows done.  Raises DiskFull.
    """
    shutil.rmtree(home, ignore_errors=True)
    try:
        return in_low_priority(lambda: _build(home, rows, read, recipe, progress))
    except BaseException as error:
        shutil.rmtree(home, ignore_errors=True)
        if isinstance(error, OSError):
            raise index_write_error(home.parent, error) from error
        raise


def in_low_priority(work: Callable[[], T]) -> T:
    """Return what `work` returns, run in a thread of lower priority than the calling one."""
    with ThreadPoolExecutor(1, "cbvir-index", initializer=_lower_priority) as pool:
        return pool.submit(work).result()


def _lower_priority() -> None:
    os.nice(BUILD_NICENESS)  # on Linux that of the thread alone


def _build(
    home: Path,
    rows: RowNumbers,
    read: ReadVectors,
    recipe: SegmentRecipe,
    progress: Callable[[int], None] | None,
) -> SegmentEntry | None:
    sample = _sample(rows, read)
    if sample is None:
        return None
    projection = Projection.fit(sample, recipe.variance)
    queries = tuning_queries(sample)
    projected_queries = projection.apply(queries)
    exact = NearestItems(queries, TUNED_NEIGHBOURS)
    nearest_projected = NearestItems(projected_queries, CANDIDATE_COUNTS[-1])
    trees = AnnoyIndex(projection.dimensions, "euclidean")
    trees.set_seed(TREE_SEED)
    parts, count = [], 0
    for present, vectors in read_in_batches(rows, read, READ_PAUSE_ROWS):
        projected = projection.apply(vectors)
        exact.update(count, vectors)
        nearest_projected.update(count, projected)
        _add_items(trees, count, projected)
        parts.append(present)
        count += len(present)
        if progress is not None:
            progress(count)
    trees.build(recipe.trees, n_jobs=1)
    truth = exact.first(TUNED_NEIGHBOURS)
    effort = tuned_effort(trees, projected_queries, truth, nearest_projected, recipe.recall)
    return _write(home, np.concatenate(parts), projection, trees, effort)


def _write(
    home: Path, rows: RowNumbers, projection: Projection, trees: AnnoyIndex, effort: SearchEffort
) -> SegmentEntry:
    home.mkdir(parents=True)
    np.save(home / ROWS_FILE, rows)
    projection.save(home / PROJECTION_FILE)
    _save_trees(trees, home / TREES_FILE)
    files = {name: _synced_checksum(home / name) for name in (ROWS_FILE, PROJECTION_FILE, TREES_FILE)}
    sync(home)
    return SegmentEntry(
        name=home.name,
        rows=len(rows),
        first_row=int(rows.min()),
        last_row=int(rows.max()),
        dimensions=projection.dimensions,
        trees=trees.get_n_trees(),
        candidates=effort.candidates,
        search_k=effort.search_k,
        recall=effort.recall,
        files=files,
    )


def _sample(rows: RowNumbers, read: ReadVectors) -> Rows | None:
    """Return vectors of rows spread evenly over `rows`.

    Where none of these exists any more, return the first ones that do; None where there is none.
    """
    present, sample = read(rows[:: max(1, -(-len(rows) // PROJECTION_SAMPLE_ROWS))])
    if len(present):
        return sample
    return next((vectors for _, vectors in read_in_batches(rows, read)), None)


def _add_items(trees: AnnoyIndex, first_item: int, projected: Rows) -> None:
    """Pass rows to ANNOY, with pauses for queries, since that holds the interpreter."""
    for start in range(0, len(projected), ADD_PAUSE_ROWS):
        part = projected[start : start + ADD_PAUSE_ROWS].tolist()
        for item, vector in enumerate(part, first_item + start):
            trees.add_item(item, vector)
        time.sleep(0)


def _save_trees(trees: AnnoyIndex, path: Path) -> None:
    """Save the trees; ANNOY raises bare exceptions that end with an errno in brackets."""
    try:
        trees.save(str(path))
    except Exception as error:
        if code := re.search(r"\((\d+)\)$", str(error)):
            raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
        raise StoreError(f"the index cannot be written to {path}: {error}") from error


def _synced_checksum(path: Path) -> str:
    """Write a file through to the disk and return its checksum."""
    sync(path)
    return checksum(path)
