"""A program of cbvir under a plan: it is killed inside an operation, its writes fail, its clock jumps.

    python -m torture.planned FOLDER MODULE ARGUMENT…

runs ``MODULE.main`` with what `torture.plan` in FOLDER asks for.  The program is the real one: what is added
stands around its functions.  Its limits are small, so that a library of a few films seals and merges.
"""

from __future__ import annotations

import errno
import functools
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from torture.plan import Plan, PlanFile

# Imported by decode workers too, which must not import the networks: the rest is imported in `install`.

Due = Callable[..., bool]

SEAL_KEYFRAMES, SEAL_CODES, BATCH_ROWS = 4, 40, 4
"""Keyframes and codes of frames that make a segment, and rows of one transaction, instead of thousands."""


def _always(*arguments: object) -> bool:
    return True


def _solar_is_due(maintenance: Any, *arguments: object) -> bool:
    current = maintenance._generations.current
    has_network = current.networks.refine is not None
    return has_network and bool(maintenance._store.rows_without_refine(current.generation, 1))


def _features_are_due(maintenance: Any, *arguments: object) -> bool:
    return bool(maintenance._store.rows_without_features(1))


def _frames_are_due(maintenance: Any, *arguments: object) -> bool:
    return bool(maintenance._store.frame_counts().waiting > 0)


def _move_is_due(generations: Any, *arguments: object) -> bool:
    return bool(generations._migration is not None)


OPERATIONS: tuple[tuple[str, str, str, Due], ...] = (
    ("taking in", "cbvir_core.library.ingest", "LibraryIngest.append", _always),
    ("sealing", "cbvir_core.index.segment_index", "SegmentIndex._seal", _always),
    ("sealing", "cbvir_core.index.frame_segments", "FrameSegments._write_full", _always),
    ("merging", "cbvir_core.index.segment_index", "SegmentIndex._merge", _always),
    ("merging", "cbvir_core.index.frame_segments", "FrameSegments._merge", _always),
    ("rebuilding", "cbvir_core.index.segment_index", "SegmentIndex.rebuild", _always),
    ("rebuilding", "cbvir_core.index.frame_segments", "FrameSegments.rebuild", _always),
    ("backfill of SOLAR", "cbvir_core.library.maintenance", "Maintenance.backfill", _solar_is_due),
    (
        "backfill of features",
        "cbvir_core.library.maintenance",
        "Maintenance.backfill_features",
        _features_are_due,
    ),
    ("backfill of frames", "cbvir_core.library.maintenance", "Maintenance.backfill_frames", _frames_are_due),
    ("change of weights", "cbvir_core.library.generations", "Generations.step", _move_is_due),
    ("migration of the schema", "cbvir_core.store.store", "upgrade", _always),
    ("calibrating", "cbvir_core.library.maintenance", "Maintenance.calibrate", _always),
    ("forgetting", "cbvir_core.store.videos", "VideoStore.forget", _always),
    ("following a move", "cbvir_core.store.paths", "PathStore.move_path", _always),
    ("answering", "cbvir_core.search.searcher", "Searcher.search", _always),
    ("starting", "cbvir_core.library.library", "Library.open", _always),
    ("stopping", "cbvir_core.library.library", "Library.close", _always),
    ("restoring", "cbvird.care.restore", "restore", _always),
)
"""Operations by name: module and function, and whether a call of it has anything to do."""


class Planned:
    """What stands around the functions of the program."""

    def __init__(self, file: PlanFile) -> None:
        self._file = file
        self._own = threading.local()  # .operation that this thread is in
        self._lock = threading.Lock()
        self._seen = Plan()  # the plan that the counts below are of
        self._entries = self._steps = self._puts = 0

    def plan(self) -> Plan:
        """Return the plan of now."""
        plan = self._file.read()
        if plan != self._seen:
            with self._lock:
                self._seen, self._entries, self._steps, self._puts = plan, 0, 0, 0
        return plan

    def operation(self, name: str, due: Due, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is killed, where the plan says so, while it runs."""

        @functools.wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            plan = self.plan()
            if plan.operation != name or not due(*arguments) or not self._is_turn(plan):
                return function(*arguments, **keywords)
            self._own.operation = name
            ended = threading.Event()
            if plan.delay_s is not None:
                # No daemon: a program that ends sooner waits for its kill.
                threading.Thread(target=self._kill_later, args=(plan.delay_s, ended)).start()
            began = time.perf_counter()
            try:
                return function(*arguments, **keywords)
            finally:
                ended.set()
                self._file.happened(f"took {time.perf_counter() - began:.6f}")
                if plan.delay_s is None:  # it had fewer steps than that
                    self._kill("inside")
                self._own.operation = ""

        return call

    def _is_turn(self, plan: Plan) -> bool:
        with self._lock:
            self._entries += 1
            return self._entries == plan.entry + 1

    def _kill_later(self, delay_s: float, ended: threading.Event) -> None:
        time.sleep(delay_s)
        self._kill("after" if ended.is_set() else "inside")

    def _kill(self, where: str) -> None:
        self._file.happened(where)
        os.kill(os.getpid(), signal.SIGKILL)

    def step(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that puts something on the disk: a kill stands before or after one of these."""

        @functools.wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            plan = self.plan()
            if (
                plan.step is None
                or getattr(self._own, "operation", "") != plan.operation
                or not plan.operation
            ):
                return function(*arguments, **keywords)
            self._steps += 1
            if self._steps == plan.step and plan.before:
                self._kill("inside")
            result = function(*arguments, **keywords)
            if self._steps == plan.step:
                self._kill("inside")
            return result

        return call

    def put(self, function: Callable[..., Any], error: type[Exception]) -> Callable[..., Any]:
        """Return a put into the store of which one of `plan.failing_put` fails, in mid-transaction."""

        @functools.wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            every = self.plan().failing_put
            if every:
                self._puts += 1
                if self._puts % every == 0:
                    self._file.happened("a put failed")
                    raise error("planned")
            return function(*arguments, **keywords)

        return call

    def sync(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that writes a new file through: of one of `plan.failing_file` half is written."""

        @functools.wraps(function)
        def call(path: Path) -> Any:
            every = self.plan().failing_file
            if every and path.is_file():
                self._puts += 1
                if self._puts % every == 0:
                    os.truncate(path, path.stat().st_size // 2)
                    self._file.happened("a file was half written")
                    raise OSError(errno.ENOSPC, "planned: no room", str(path))
            return function(path)

        return call

    def clock(self, function: Callable[[], float]) -> Callable[[], float]:
        """Return a clock that is ahead, or behind, as the plan says."""
        return lambda: function() + self.plan().clock_s


def install(file: PlanFile) -> None:
    """Put everything around the functions of the program, and make its limits small."""
    planned = Planned(file)
    time.time = planned.clock(time.time)  # before the modules whose arguments have it by default
    from cbvird.worker import single_thread_blas  # noqa: F401, I001 - before numpy is loaded
    import lmdb

    from cbvir_core import files
    from cbvir_core.store.environment import Environment, Transaction

    # Errors that LMDB raises itself have a number; one of a class made here may have one too.
    failing = type("PlannedDiskError", (lmdb.DiskError,), {"code": errno.EIO})
    _make_limits_small()
    for name, module, function, due in OPERATIONS:
        _wrap(module, function, functools.partial(planned.operation, name, due))
    Environment._attempt = planned.step(Environment._attempt)  # type: ignore[method-assign]
    Transaction.put = planned.put(Transaction.put, failing)  # type: ignore[method-assign]
    _wrap("cbvird.ingest.job_rows", "JobRows.write", planned.step)
    os.replace, os.rename = planned.step(os.replace), planned.step(os.rename)
    files.sync = planned.sync(files.sync)


def _wrap(module: str, function: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a function, a method or a class method of a module."""
    owner: Any = importlib.import_module(module)
    *classes, name = function.split(".")
    for one in classes:
        owner = getattr(owner, one)
    former = owner.__dict__[name]
    if isinstance(former, classmethod):
        setattr(owner, name, classmethod(wrap(former.__func__)))
    else:
        setattr(owner, name, wrap(former))


def _make_limits_small() -> None:
    from cbvir_core.index import frame_index
    from cbvir_core.index import index as keyframe_index
    from cbvir_core.index.compact import CompactionPolicy
    from cbvir_core.index.segment_index import SegmentIndex
    from cbvir_core.store import frames, generations, upgrade

    def small(folder: Path, source: Any, options: Any) -> SegmentIndex:
        return SegmentIndex.open(folder, source, replace(options, seal_at=SEAL_KEYFRAMES))

    keyframe_index.INDEX_KINDS["auto"] = small
    policy = CompactionPolicy(SEAL_CODES, 10_000_000)
    frame_index.FrameIndex.open.__func__.__defaults__ = (None, policy)  # type: ignore[attr-defined]
    upgrade.UPGRADE_BATCH_ROWS = BATCH_ROWS
    frames.FRAME_BATCH_ROWS = BATCH_ROWS
    generations.SWEEP_BATCH_KEYS = BATCH_ROWS


def main() -> int:
    """Run a program of cbvir under the plan."""
    folder, module, *arguments = sys.argv[1:]
    install(PlanFile(Path(folder)))
    code: int = importlib.import_module(module).main(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
