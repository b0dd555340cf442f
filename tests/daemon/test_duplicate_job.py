"""The comparison in the background: queries come first, it can be stopped, and it says how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from cbvir_core.duplicates import ComparisonListener, ComparisonProgress
from cbvir_core.errors import DiskFull, UnknownVideo
from cbvir_core.library import Library
from cbvird.runtime import duplicates
from cbvird.runtime.duplicates import DuplicateJob
from cbvird.runtime.event_bus import EventBus

PATIENCE_S = 30.0
STEPS = 5


class Comparing:
    """In the place of a library: counts steps, and does the next one when `allow` lets it."""

    def __init__(self) -> None:
        self.duplicates = self
        self.allow, self.steps = threading.Semaphore(0), 0
        self.fails: Exception | None = None

    def named(self, within: Collection[Path | str]) -> None:
        if "nowhere" in within:
            raise UnknownVideo("no known video is nowhere")

    def compare(self, within: Collection[Path | str], listener: ComparisonListener) -> ComparisonProgress:
        for step in range(STEPS):
            listener(ComparisonProgress(10.0 * step, 10.0 * STEPS, 0, 1))
            if self.fails is not None:
                raise self.fails
            self.steps += 1
            assert self.allow.acquire(timeout=PATIENCE_S)
        return ComparisonProgress(10.0 * STEPS, 10.0 * STEPS, 1, 1, 3)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def library() -> Comparing:
    return Comparing()


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> EventBus:
    monkeypatch.setattr(duplicates, "BACKFILL_AFTER_QUERY_S", 0.05)
    return EventBus()


@pytest.fixture
def job(library: Comparing, bus: EventBus) -> Iterator[DuplicateJob]:
    made, stop = DuplicateJob(cast(Library, library), bus), threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    yield made
    stop.set()
    library.allow.release(2 * STEPS)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_it_runs_to_the_end_and_tells_of_it(job: DuplicateJob, library: Comparing, bus: EventBus) -> None:
    assert job.state().progress == ComparisonProgress()
    with bus.subscribe() as told:
        job.start()
        until(lambda: library.steps == 1)
        library.allow.release(2)
        until(lambda: library.steps == 3)
        state = job.state()
        assert state.running
        assert (state.progress.done_s, state.progress.total_s) == (20.0, 50.0)
        assert state.eta_s is not None
        job.start()  # goes on: nothing begins anew
        library.allow.release(STEPS)
        until(lambda: not job.state().running)
        events: list[Any] = told.take()
    assert library.steps == STEPS
    assert (job.state().progress.found, job.state().error, job.state().eta_s) == (3, "", None)
    assert events[-1].kind == "duplicates"
    assert events[-1].data == {"running": False, "done_s": 50.0, "total_s": 50.0}


def test_it_waits_while_queries_run(job: DuplicateJob, library: Comparing, bus: EventBus) -> None:
    with bus.query_running():
        job.start()
        time.sleep(0.3)
        assert library.steps == 0
    until(lambda: library.steps == 1)


def test_it_is_stopped_also_while_a_query_runs(job: DuplicateJob, library: Comparing, bus: EventBus) -> None:
    with bus.query_running():
        job.start()
        job.halt()
        until(lambda: not job.state().running)
    assert (library.steps, job.state().error) == (0, "stopped")
    library.allow.release(STEPS)
    job.start()
    until(lambda: not job.state().running)
    assert (library.steps, job.state().error) == (STEPS, "")


def test_a_failure_is_told_and_the_thread_goes_on(job: DuplicateJob, library: Comparing) -> None:
    library.fails = DiskFull("no room on the disk")
    job.start()
    until(lambda: job.state().error == "no room on the disk")
    library.fails = None
    library.allow.release(STEPS)
    job.start()
    until(lambda: library.steps == STEPS and not job.state().running)
    assert job.state().error == ""


def test_an_unknown_folder_is_refused_at_once(job: DuplicateJob) -> None:
    with pytest.raises(UnknownVideo):
        job.start(["nowhere"])
    assert not job.state().running
