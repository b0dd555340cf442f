"""Independent parts of one query at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_POOL = ThreadPoolExecutor(4, thread_name_prefix="cbvir-query-part")
"""Threads that stay: a network keeps an inference request for every thread that ever called it, and
OpenMP and TBB keep threads of their own for each.  Only queries use the pool, so its threads have a query's
priority.  Work in the pool must not submit other work and wait for it: all threads could wait for ever."""


def parallel_map(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return ``[work(item) for item in items]``; the first runs here, each other one in the pool.

    Worth it for work that releases the interpreter: networks, ANNOY, JPEG.  When this returns, or raises
    because one of them raised, none of them runs any more.
    """
    waiting = list(items)
    begun = [_POOL.submit(work, item) for item in waiting[1:]]
    try:
        made = [work(item) for item in waiting[:1]]
    finally:
        wait(begun)
    return made + [one.result() for one in begun]


def submit(work: Callable[[], R]) -> Future[R]:
    """Start `work` in the pool; the caller must ask the future for its result."""
    return _POOL.submit(work)
