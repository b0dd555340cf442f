"""A lock that many threads share, or one thread holds exclusively."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadWriteLock:
    """Shared and exclusive locking.

    LMDB replaces its memory map when it grows, which makes the memory of every open transaction of the
    process invalid.  So transactions share the lock, and growing the map takes it exclusively.  A thread
    that waits for exclusive access goes before new sharers.  A thread that shares the lock may share it
    again, or nested reading would wait for itself.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharers = 0
        self._is_exclusive = False
        self._own = threading.local()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other sharers."""
        depth: int = getattr(self._own, "depth", 0)
        if depth == 0:
            self._acquire_shared()
        self._own.depth = depth + 1
        try:
            yield
        finally:
            self._own.depth = depth
            if depth == 0:
                self._release_shared()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone.  Raises RuntimeError where this thread shares it already."""
        if getattr(self._own, "depth", 0):
            raise RuntimeError("a thread that shares the lock cannot take it exclusively")
        with self._changed:
            self._changed.wait_for(lambda: not self._is_exclusive)
            self._is_exclusive = True
            self._changed.wait_for(lambda: self._sharers == 0)
        try:
            yield
        finally:
            with self._changed:
                self._is_exclusive = False
                self._changed.notify_all()

    def _acquire_shared(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_exclusive)
            self._sharers += 1

    def _release_shared(self) -> None:
        with self._changed:
            self._sharers -= 1
            if self._sharers == 0:
                self._changed.notify_all()
