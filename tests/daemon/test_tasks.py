"""Work that takes minutes: one at a time, followed to its end, however that comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from cbvir_core.errors import DiskFull, TaskBusy
from cbvird.runtime.tasks import Task, TaskProgress, TaskState

PATIENCE_S = 30.0


class Steps:
    """Work of ten steps, the next one whenever `allow` lets it."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.allow, self.done, self.fails = threading.Semaphore(0), 0, fails

    def __call__(self, progress: TaskProgress) -> str:
        for step in range(10):
            progress(step, 10)
            self.done = step
            assert self.allow.acquire(timeout=PATIENCE_S)
            if self.fails is not None:
                raise self.fails
        progress(10, 10)
        return "made"

    def finish(self) -> None:
        self.allow.release(20)


def ended(task: Task[str]) -> TaskState[str]:
    return until(task.state, lambda state: not state.running)


def until(state: Callable[[], TaskState[str]], wanted: Callable[[TaskState[str]], bool]) -> TaskState[str]:
    deadline = time.monotonic() + PATIENCE_S
    while not wanted(found := state()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def task(stop: threading.Event) -> Task[str]:
    return Task[str]("measurement", stop)


def test_before_the_first_one_nothing_runs(task: Task[str]) -> None:
    assert task.state() == TaskState()


def test_it_begins_at_once_and_ends_with_its_outcome(task: Task[str]) -> None:
    steps = Steps()
    begun = task.start(steps)
    assert (begun.number, begun.running) == (1, True)
    steps.allow.release(4)
    until(task.state, lambda state: state.done == 4)
    steps.finish()
    assert ended(task) == TaskState(1, running=False, done=10, total=10, outcome="made")


def test_one_runs_at_a_time(task: Task[str]) -> None:
    steps = Steps()
    task.start(steps)
    with pytest.raises(TaskBusy, match="a measurement is running"):
        task.start(Steps())
    steps.finish()
    ended(task)
    again = Steps()
    assert task.start(again).number == 2
    again.finish()
    assert ended(task).outcome == "made"


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (DiskFull("no room is left"), "disk_full", "no room is left"),
        (ZeroDivisionError("by zero"), "error", "ZeroDivisionError: by zero; the service's log says more"),
    ],
)
def test_a_failure_is_told_and_the_next_one_begins(
    task: Task[str], failure: Exception, code: str, said: str
) -> None:
    steps = Steps(failure)
    task.start(steps)
    steps.finish()
    error = ended(task).error
    assert error is not None
    assert (error.code, str(error)) == (code, said)
    fine = Steps()
    task.start(fine)
    fine.finish()
    assert ended(task).error is None


def test_somebody_ends_it_and_the_next_one_is_not_ended(task: Task[str]) -> None:
    steps = Steps()
    task.start(steps)
    until(lambda: task.state(), lambda state: state.total == 10)
    task.halt()
    steps.allow.release()
    error = ended(task).error
    assert error is not None
    assert error.code == "stopped"
    fine = Steps()
    task.start(fine)
    fine.finish()
    assert ended(task).outcome == "made"


def test_a_stopping_service_ends_it(task: Task[str], stop: threading.Event) -> None:
    steps = Steps()
    task.start(steps)
    stop.set()
    steps.allow.release()
    error = ended(task).error
    assert error is not None
    assert error.code == "stopping"
    assert error.retry
