"""A gate that many threads pass at once, or one thread alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadWriteLock:
    """Shared and exclusive passage.

    LMDB replaces its memory map when it grows, which pulls the ground from under every transaction
    of the process.  So transactions pass the gate together, and growing passes it alone.  A thread
    that waits to be alone goes before newcomers, and a thread that is inside may pass again, or
    nested reading would wait for itself.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._mine = threading.local()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Inside together with others."""
        depth: int = getattr(self._mine, "depth", 0)
        if depth == 0:
            self._enter()
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if depth == 0:
                self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside with nobody else.  Raises RuntimeError where this thread is inside already."""
        if getattr(self._mine, "depth", 0):
            raise RuntimeError("a thread that is passing the gate cannot be alone in it")
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    def _enter(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._inside += 1

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            if self._inside == 0:
                self._changed.notify_all()
