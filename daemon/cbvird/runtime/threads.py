"""The threads of the service: started in one place and stopped together; none dies unnoticed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType

import structlog

LOG = structlog.get_logger(__name__)


class ThreadGroup:
    """Threads that share one stop event; the first exception in any of them ends them all.

    A context manager: leaving it stops and joins every thread, and then raises the exception that ended a
    thread, if there was one.  `patience_s` limits the wait for all joins together.  `stop` may be handed in
    where others wait for it too.
    """

    def __init__(self, patience_s: float = 10.0, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self.failure: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._patience_s = patience_s

    def start(self, name: str, body: Callable[[threading.Event], None], *, nice: int = 0) -> None:
        """Run ``body(stop)`` in a thread; the body must return soon after `stop` is set.

        `nice` lowers the priority of the thread below that of the service.
        """
        # A daemon thread: a thread that is stuck in a system call must not keep the process alive.
        thread = threading.Thread(target=self._run, args=(body, nice), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def alive(self) -> bool:
        """Return whether every thread is running."""
        return self.failure is None and all(thread.is_alive() for thread in self._threads)

    def _run(self, body: Callable[[threading.Event], None], nice: int) -> None:
        try:
            if nice:
                # On Linux, of the thread alone.  Relative, since only root may raise a priority again.
                os.nice(nice)
            body(self.stop)
        except BaseException as error:
            self.failure = self.failure or error
            LOG.critical("thread died", thread=threading.current_thread().name, exc_info=error)
        finally:
            # Without a thread that returned too early, the service would only look alive.
            self.stop.set()

    def __enter__(self) -> ThreadGroup:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        deadline = time.monotonic() + self._patience_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            LOG.warning("threads did not stop in time", threads=late)
        if self.failure is not None and error is None:
            raise self.failure
