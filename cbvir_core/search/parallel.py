"""Independent parts of one query at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_HELPERS = ThreadPoolExecutor(4, thread_name_prefix="cbvir-query-part")
"""Threads that stay: a network keeps an inference request for every thread that ever called it, and
OpenMP and TBB keep threads of their own for each.  Only queries use them, so they have a query's
priority, and nothing they do may wait for them again."""


def together(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``[work(item) for item in items]``, the first here and each other one in a thread of its own.

    For what lets go of the interpreter: networks, ANNOY, JPEG.  None is under way any more when it
    returns, also where one of them raised.
    """
    waiting = list(items)
    begun = [_HELPERS.submit(work, item) for item in waiting[1:]]
    try:
        made = [work(item) for item in waiting[:1]]
    finally:
        wait(begun)
    return made + [one.result() for one in begun]


def aside(work: Callable[[], R]) -> Future[R]:
    """Begins `work` in a thread of its own; somebody has to ask for its result."""
    return _HELPERS.submit(work)
