"""Builds a segment from rows of the store, beside the searches that go on.

A thread does, not a process: everything dear but reading and handing over rows leaves the interpreter
to others, and those two pause often.  Five small reads and dot products of a query took .88 ms at the
99th percentile and 2 ms at most with nothing else going on, 1.06 and 5.7 ms while a segment was built,
and without the pauses 3.8 and 17 ms.
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
from cbvir_core.index.effort import CANDIDATES, NEIGHBOURS, Effort, Nearest, calibrated, questions_from
from cbvir_core.index.manifest import SegmentEntry, checksum, unwritable
from cbvir_core.index.projection import Projection
from cbvir_core.index.segment import PROJECTION_FILE, ROWS_FILE, TREES_FILE, Numbers
from cbvir_core.index.tail import Read, batches
from cbvir_core.types import Rows

T = TypeVar("T")
Progress = Callable[[int], None]

SAMPLE = 8192  # rows that the projection is fitted on
SEED = 20_240_826  # the same rows give the same trees
NICE = 5  # a third of what others get: with 10, a busy machine took two minutes for 100,000 rows
READ = 512  # rows read from the store between two pauses
BREATH = 32  # rows handed to ANNOY between two pauses


@dataclass(frozen=True, slots=True)
class Recipe:
    """How segments are made: ANNOY trees, the share of variance that the projection keeps, recall."""

    trees: int
    variance: float
    recall: float


def build_segment(
    home: Path, rows: Numbers, read: Read, recipe: Recipe, progress: Progress | None = None
) -> SegmentEntry | None:
    """Writes a segment of those of `rows` that the store still has into the new folder `home`.

    None where it has none.  Runs in a thread of low priority and returns when the disk has it; on any
    error nothing stays.  Raises DiskFull.
    """
    shutil.rmtree(home, ignore_errors=True)
    try:
        return in_background(lambda: _build(home, rows, read, recipe, progress))
    except BaseException as error:
        shutil.rmtree(home, ignore_errors=True)
        if isinstance(error, OSError):
            raise unwritable(home.parent, error) from error
        raise


def in_background(work: Callable[[], T]) -> T:
    """What `work` returns, done by a thread that gives way to the one that calls, and to its like."""
    with ThreadPoolExecutor(1, "cbvir-index", initializer=_give_way) as pool:
        return pool.submit(work).result()


def _give_way() -> None:
    os.nice(NICE)  # on Linux that of the thread alone


def _build(
    home: Path, rows: Numbers, read: Read, recipe: Recipe, progress: Progress | None
) -> SegmentEntry | None:
    sample = _sample(rows, read)
    if sample is None:
        return None
    projection = Projection.fit(sample, recipe.variance)
    questions = questions_from(sample)
    asked = projection.apply(questions)
    truth, shadows = Nearest(questions, NEIGHBOURS), Nearest(asked, CANDIDATES[-1])
    trees = AnnoyIndex(projection.dimensions, "euclidean")
    trees.set_seed(SEED)
    kept, count = [], 0
    for found, vectors in batches(rows, read, READ):
        projected = projection.apply(vectors)
        truth.see(count, vectors)
        shadows.see(count, projected)
        _add(trees, count, projected)
        kept.append(found)
        count += len(found)
        if progress is not None:
            progress(count)
    trees.build(recipe.trees, n_jobs=1)
    effort = calibrated(trees, asked, truth.first(NEIGHBOURS), shadows, recipe.recall)
    return _written(home, np.concatenate(kept), projection, trees, effort)


def _written(
    home: Path, rows: Numbers, projection: Projection, trees: AnnoyIndex, effort: Effort
) -> SegmentEntry:
    home.mkdir(parents=True)
    np.save(home / ROWS_FILE, rows)
    projection.save(home / PROJECTION_FILE)
    _save_trees(trees, home / TREES_FILE)
    files = {name: _finished(home / name) for name in (ROWS_FILE, PROJECTION_FILE, TREES_FILE)}
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


def _sample(rows: Numbers, read: Read) -> Rows | None:
    """Vectors of rows spread evenly, or of the first that there are; None where there is none."""
    found, sample = read(rows[:: max(1, -(-len(rows) // SAMPLE))])
    if len(found):
        return sample
    return next((vectors for _, vectors in batches(rows, read)), None)


def _add(trees: AnnoyIndex, first_item: int, projected: Rows) -> None:
    """Hands rows to ANNOY, and gives way to queries, since that holds the interpreter."""
    for start in range(0, len(projected), BREATH):
        for item, vector in enumerate(projected[start : start + BREATH].tolist(), first_item + start):
            trees.add_item(item, vector)
        time.sleep(0)


def _save_trees(trees: AnnoyIndex, path: Path) -> None:
    """ANNOY raises bare exceptions that end with an errno in brackets."""
    try:
        trees.save(str(path))
    except Exception as error:
        if code := re.search(r"\((\d+)\)$", str(error)):
            raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
        raise StoreError(f"the index cannot be written to {path}: {error}") from error


def _finished(path: Path) -> str:
    """Brings a file to the disk and gives its sum."""
    sync(path)
    return checksum(path)
