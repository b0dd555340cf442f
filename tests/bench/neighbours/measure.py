"""Measuring one way: built in a process of its own, searched in another, both watched."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import faiss
import numpy as np
import numpy.typing as npt

from bench.neighbours.contest import NEIGHBOURS, TUNED_RECALL, MappedRows, SearchRows, Way, recall
from bench.neighbours.made import QueryRows
from cbvir_core.types import RowNumbers, Rows

P = ParamSpec("P")
T = TypeVar("T")

WATCHED_EVERY_S = 0.02
WARM_QUERIES = 20
TRUTH_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way costs at one size, and what it finds.  Megabytes are of 1,000,000 bytes.

    `built_mb` and `searched_mb` are the most anonymous memory beyond that of the program itself.
    """

    size: int
    way: str
    recall: float
    p50_ms: float
    p95_ms: float
    build_s: float
    disk_mb: float
    built_mb: float
    searched_mb: float
    effort: int


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Queries with the numbers of their exact neighbours."""

    rows: QueryRows
    tuning_truth: RowNumbers
    measured_truth: RowNumbers


def questions(path: Path, rows: QueryRows) -> Questions:
    """Return the queries with the truth among the rows of a file."""
    both = np.concatenate([rows.tuning, rows.measured])
    truth = exact_neighbours(MappedRows.open(path), both)
    return Questions(rows, truth[: len(rows.tuning)], truth[len(rows.tuning) :])


def exact_neighbours(rows: MappedRows, queries: Rows) -> RowNumbers:
    """Return the numbers of the nearest rows of each query, Q x `NEIGHBOURS`."""
    nearest = faiss.ResultHeap(len(queries), NEIGHBOURS)
    for start in range(0, len(rows), TRUTH_ROWS):
        squares, places = faiss.knn(queries, rows.part(start, start + TRUTH_ROWS), NEIGHBOURS)
        nearest.add_result(squares, places + start)
    nearest.finalize()
    numbers: RowNumbers = nearest.I
    return numbers


def measure(way: Way, path: Path, asked: Questions, folder: Path) -> Figures:
    """Build a way on the rows of a file, search it, and return what both took."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        build_s, built_mb = _alone(_build, way, path, home)
        (found, effort, times), searched_mb = _alone(_search, way, path, home, asked)
        disk_mb = sum(one.stat().st_size for one in home.rglob("*") if one.is_file()) / 1e6
        shutil.rmtree(home)
        home.mkdir()
    p50, p95 = np.percentile(times, [50, 95])
    return Figures(
        size=len(MappedRows.open(path)),
        way=way.name,
        recall=found,
        p50_ms=float(p50),
        p95_ms=float(p95),
        build_s=build_s,
        disk_mb=disk_mb,
        built_mb=built_mb,
        searched_mb=searched_mb,
        effort=effort,
    )


def _build(way: Way, path: Path, home: Path) -> float:
    begun = time.process_time()
    way.build(MappedRows.open(path), home)
    return time.process_time() - begun


def _search(way: Way, path: Path, home: Path, asked: Questions) -> tuple[float, int, npt.NDArray[np.float64]]:
    """Return the recall, the effort that it took, and the milliseconds of each query."""
    search = way.open(MappedRows.open(path), home)
    for query in asked.rows.tuning[:WARM_QUERIES]:
        search(query, way.efforts[0])
    effort = _least_effort(way, search, asked)
    shares, times = [], []
    for query, truth in zip(asked.rows.measured, asked.measured_truth, strict=True):
        begun = time.perf_counter()
        found = search(query, effort)
        times.append(1e3 * (time.perf_counter() - begun))
        shares.append(recall(truth, found))
    return float(np.mean(shares)), effort, np.array(times)


def _least_effort(way: Way, search: SearchRows, asked: Questions) -> int:
    for effort in way.efforts[:-1]:
        both = zip(asked.rows.tuning, asked.tuning_truth, strict=True)
        if np.mean([recall(truth, search(query, effort)) for query, truth in both]) >= TUNED_RECALL:
            return effort
    return way.efforts[-1]


def _alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Do work in a new process; return what it gives, and the megabytes of memory that it came to hold."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        pid = pool.submit(_ready).result()
        peak, done = [_anonymous_mb(pid)] * 2, threading.Event()

        def watch() -> None:
            while not done.wait(WATCHED_EVERY_S):
                peak[1] = max(peak[1], _anonymous_mb(pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            result = pool.submit(work, *args, **kwargs).result()
        finally:
            done.set()
            watcher.join()
    return result, peak[1] - peak[0]


def _ready() -> int:
    """Import what is measured, let one thread compute, and return the number of the process."""
    import os

    from bench.neighbours import program

    assert program.ways()
    faiss.omp_set_num_threads(1)
    return os.getpid()


def _anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("RssAnon:"))
