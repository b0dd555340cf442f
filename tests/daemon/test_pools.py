"""Pools whose queue has an end, in number and in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cbvir_core.errors import ServiceBusy
from cbvird.runtime.pools import BoundedPool

MAX_WAIT_S = 30.0
PATIENCE_S = 20.0


class Clock:
    """Seconds that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> Iterator[BoundedPool]:
    with BoundedPool(1, max_unfinished=3, name="tests", max_wait_s=MAX_WAIT_S, clock=clock) as pool:
        yield pool


def test_more_than_there_are_places_are_refused_at_once(pool: BoundedPool) -> None:
    release = threading.Event()
    held = [pool.submit(release.wait, PATIENCE_S) for _ in range(3)]
    with pytest.raises(ServiceBusy, match="too many requests for tests wait already"):
        pool.submit(int)
    release.set()
    assert [one.result(PATIENCE_S) for one in held] == [True] * 3
    assert pool.submit(int, "7").result(PATIENCE_S) == 7


@pytest.mark.parametrize(("waited_s", "is_begun"), [(MAX_WAIT_S, True), (MAX_WAIT_S + 1, False)])
def test_a_task_that_waited_too_long_is_not_begun(
    pool: BoundedPool, clock: Clock, waited_s: float, is_begun: bool
) -> None:
    runs, release, begun = threading.Event(), threading.Event(), list[int]()

    def hold() -> None:
        runs.set()
        release.wait(PATIENCE_S)

    first = pool.submit(hold)
    assert runs.wait(PATIENCE_S)
    waiting = pool.submit(begun.append, 1)
    clock.now += waited_s
    release.set()
    first.result(PATIENCE_S)  # what runs already is never broken off
    error = waiting.exception(PATIENCE_S)
    assert (error is None) == is_begun == bool(begun)
    if error is not None:
        assert isinstance(error, ServiceBusy)
        assert error.retry
        assert "waited for longer than 30 s among other tests" in str(error)
    assert pool.submit(int, "7").result(PATIENCE_S) == 7  # its place is free again
