"""Building a segment from rows of the store, beside the searches that go on.

It runs in a thread, not in a process: all of the expensive work but reading rows and passing them to ANNOY
releases the interpreter, and those two pause often.  Five small reads and dot products of a query took
.88 ms at the 99th percentile and 2 ms at most with nothing else going on, 1.06 and 5.7 ms while a segment
was built, and without the pauses 3.8 and 17 ms.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from cbvir_core.files import sync
from cbvir_core.index.effort import CANDIDATE_COUNTS, SearchEffort, coded_effort, tuned_effort, tuning_queries
from cbvir_core.index.first_reading import (
    MOST_LIST_CANDIDATES,
    FirstReading,
    chosen_projection,
    list_projections,
)
from cbvir_core.index.item_search import ItemSearch
from cbvir_core.index.kept_vectors import VectorFile
from cbvir_core.index.lists import SAMPLE_PER_LIST, ListBuilder, learnt_centroids, list_count
from cbvir_core.index.manifest import SegmentEntry, index_write_error
from cbvir_core.index.pause import Pause
from cbvir_core.index.projection import Projection
from cbvir_core.index.segment import ITEM_FILES, PROJECTION_FILE, ROWS_FILE, VECTORS_FILE
from cbvir_core.index.tail import ReadVectors, read_in_batches
from cbvir_core.index.trees import TreeBuilder
from cbvir_core.index.written import WrittenFile
from cbvir_core.types import RowNumbers, Rows

T = TypeVar("T")

PROJECTION_SAMPLE_ROWS = 8192  # rows that the projection is fitted on
BUILD_NICENESS = 5  # a third of others' time: with 10, a busy machine took two minutes for 100,000 rows
READ_PAUSE_ROWS = 512  # rows read from the store between two pauses
SPREAD_PAUSE_ROWS = 64  # the same of rows that lie far apart


@dataclass(frozen=True, slots=True)
class SegmentRecipe:
    """How segments are made.

    `trees` of ANNOY, the share of variance that their projection keeps, the recalls to tune trees and
    inverted lists for, and the rows from which a segment has lists in place of trees.
    """

    trees: int
    variance: float
    recall: float
    lists_recall: float
    lists_from: int


Progress = Callable[[int], None]
"""Called with the rows done, often, and again with as many; it may raise, which ends the build."""


def build_segment(
    home: Path,
    rows: RowNumbers,
    read: ReadVectors,
    recipe: SegmentRecipe,
    progress: Progress = lambda done: None,
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
    home: Path, rows: RowNumbers, read: ReadVectors, recipe: SegmentRecipe, progress: Progress
) -> SegmentEntry | None:
    sample = _sample(rows, read, lambda: progress(0))
    if sample is None:
        return None
    build = _build_lists if len(rows) >= recipe.lists_from else _build_trees
    return build(home, rows, read, sample, recipe, progress)


def _build_trees(
    home: Path, rows: RowNumbers, read: ReadVectors, sample: Rows, recipe: SegmentRecipe, progress: Progress
) -> SegmentEntry:
    projection = Projection.fit(sample, recipe.variance)
    builder = TreeBuilder(projection.dimensions, recipe.trees)
    reading = FirstReading(tuning_queries(sample), [projection], CANDIDATE_COUNTS[-1])
    for present, vectors in read_in_batches(rows, read, READ_PAUSE_ROWS):
        builder.add(projection.apply(vectors))
        reading.update(present, vectors)
        progress(reading.count)
    trees = builder.built()
    effort = tuned_effort(trees, *reading.of(projection), recipe.recall, lambda: progress(reading.count))
    return _write(home, reading.rows(), projection, "annoy", trees, effort)


def _build_lists(
    home: Path, rows: RowNumbers, read: ReadVectors, sample: Rows, recipe: SegmentRecipe, progress: Progress
) -> SegmentEntry:
    """Read all rows twice: to choose the projection, and to code and keep them.

    Only codes and a sample are in memory, about 150 bytes a row.
    """
    queries = tuning_queries(sample)
    reading = FirstReading(queries, list_projections(sample), MOST_LIST_CANDIDATES)
    for present, vectors in read_in_batches(rows, read, READ_PAUSE_ROWS):
        reading.update(present, vectors)
        progress(reading.count // 2)
    present = reading.rows()
    projection = chosen_projection(reading, recipe.lists_recall).turned()
    builder = _list_builder(present, read, projection, lambda: progress(len(present) // 2))
    home.mkdir(parents=True)
    with VectorFile(home / VECTORS_FILE, len(present)) as file:
        for start in range(0, len(present), READ_PAUSE_ROWS):
            wanted = present[start : start + READ_PAUSE_ROWS]
            still, found = read(wanted)
            # A row that was forgotten meanwhile keeps its place: it will be buried.
            vectors = np.zeros((len(wanted), sample.shape[1]), np.float32)
            vectors[np.isin(wanted, still)] = found if len(still) else 0.0
            builder.add(projection.apply(vectors))
            file.append(vectors)
            progress((len(present) + start) // 2)
        kept = [VECTORS_FILE] if file.finish() else []
    lists = builder.built()
    effort = coded_effort(
        lists,
        projection.apply(queries),
        reading.truth(),
        recipe.lists_recall,
        lambda: progress(len(present)),
    )
    return _write(home, present, projection, "lists", lists, effort, kept)


def _list_builder(rows: RowNumbers, read: ReadVectors, projection: Projection, pause: Pause) -> ListBuilder:
    """Return empty lists, whose centroids are learnt from rows that are spread over all."""
    count = list_count(len(rows))
    spread = rows[:: max(1, len(rows) // (SAMPLE_PER_LIST * count))]
    parts = []
    for _, vectors in read_in_batches(spread, read, SPREAD_PAUSE_ROWS):
        parts.append(projection.apply(vectors))
        pause()
    sample = np.concatenate(parts) if parts else np.zeros((count, projection.dimensions), np.float32)
    return ListBuilder(learnt_centroids(sample, min(count, len(sample)), pause), sample)


def _write(
    home: Path,
    rows: RowNumbers,
    projection: Projection,
    kind: str,
    items: ItemSearch,
    effort: SearchEffort,
    written: Sequence[str] = (),
) -> SegmentEntry:
    """Write the files of a segment beside those that are `written` already."""
    home.mkdir(parents=True, exist_ok=True)
    items_file = ITEM_FILES[kind][0]
    np.save(home / ROWS_FILE, rows)
    projection.save(home / PROJECTION_FILE)
    items.save(home / items_file)
    files = {name: _synced(home / name) for name in (*written, ROWS_FILE, PROJECTION_FILE, items_file)}
    sync(home)
    return SegmentEntry(
        name=home.name,
        rows=len(rows),
        first_row=int(rows.min()),
        last_row=int(rows.max()),
        dimensions=projection.dimensions,
        trees=items.parts,
        candidates=effort.candidates,
        search_k=effort.search_k,
        recall=effort.recall,
        files=files,
        kind=kind,
    )


def _sample(rows: RowNumbers, read: ReadVectors, pause: Pause) -> Rows | None:
    """Return vectors of rows spread evenly over `rows`.

    Where none of these exists any more, return the first ones that do; None where there is none.
    """
    parts = []
    # They lie far apart in the store, so each may be a read of the disk.
    spread = rows[:: max(1, -(-len(rows) // PROJECTION_SAMPLE_ROWS))]
    for _, vectors in read_in_batches(spread, read, SPREAD_PAUSE_ROWS):
        parts.append(vectors)
        pause()
    if parts:
        return np.concatenate(parts)
    for _, vectors in read_in_batches(rows, read, READ_PAUSE_ROWS):
        return vectors
    return None


def _synced(path: Path) -> WrittenFile:
    """Write a file through to the disk and return what is to be kept of it."""
    sync(path)
    return WrittenFile.of(path)
