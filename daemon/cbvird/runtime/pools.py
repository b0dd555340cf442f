"""Pools of threads whose queue has an end: who comes too late is told so instead of waiting for ever."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from cbvir_core.errors import ServiceBusy

R = TypeVar("R")


class BoundedPool(ThreadPoolExecutor):
    """Threads with at most `max_unfinished` tasks that run or wait; `nice` lowers their priority.

    `submit` raises ServiceBusy where there are more.  A task that has waited for longer than `max_wait_s` is
    not begun: its result is ServiceBusy.  `clock` returns seconds that never go back.
    """

    def __init__(
        self,
        threads: int,
        *,
        max_unfinished: int,
        name: str,
        nice: int = 0,
        max_wait_s: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # On Linux, nice is of the thread alone.
        super().__init__(threads, thread_name_prefix=name, initializer=os.nice, initargs=(nice,))
        self._places = threading.BoundedSemaphore(max_unfinished)
        self._name, self._max_wait_s, self._clock = name, max_wait_s, clock

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """Have a thread call the function; return the future result.  Raises ServiceBusy."""
        if not self._places.acquire(blocking=False):
            raise ServiceBusy(f"too many requests for {self._name} wait already; try again in a moment")
        try:
            future = super().submit(self._begin, self._clock(), partial(fn, *args, **kwargs))
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return future

    def _begin(self, asked: float, task: Callable[[], R]) -> R:
        if self._clock() - asked > self._max_wait_s:
            raise ServiceBusy(
                f"the request waited for longer than {self._max_wait_s:g} s among other {self._name}; "
                "try again in a moment"
            )
        return task()
