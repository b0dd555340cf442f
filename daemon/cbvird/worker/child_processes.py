"""Processes for strangers' bytes, started from a fork server that has the decoders loaded."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

# A fork server imports the decoders once.  A process forked from it starts in milliseconds, and it
# inherits neither the threads nor the networks nor the open store of the service.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["cbvird.worker.single_thread_blas", "cbvird.worker.process", "cbvird.worker.picture_process"]
)

# multiprocessing reads the exit status of every known child when it starts one; two threads that
# do so at once lose it.
_PROCESSES = threading.Lock()

END_WAIT_S = 5.0


class ChildNotStarted(Exception):
    """No process could be started: no memory or no descriptors, or the fork server is dead."""


class ChildProcess:
    """One process and the line to it.  `target` gets the other end of the line, then `arguments`."""

    connection: Connection

    def __init__(self, target: Callable[..., None], arguments: tuple[Any, ...], *, name: str) -> None:
        try:
            self.connection, theirs = _CONTEXT.Pipe()
        except OSError as error:
            raise ChildNotStarted(str(error)) from error
        with _PROCESSES, theirs:
            self._process: BaseProcess = _CONTEXT.Process(
                target=target, args=(theirs, *arguments), name=name, daemon=True
            )
            try:
                self._process.start()
            except (OSError, EOFError) as error:
                self.connection.close()
                raise ChildNotStarted(str(error)) from error

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def wait(self, timeout_s: float) -> None:
        """Wait for the end of the process, at most that long."""
        wait([self._process.sentinel], timeout=timeout_s)

    def status(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        with _PROCESSES:
            return self._process.exitcode

    def close(self) -> None:
        """Kill the process where it still runs, and forget it."""
        self.connection.close()
        with _PROCESSES:
            if self._process.exitcode is None:
                self._process.kill()
        self.wait(END_WAIT_S)
        with _PROCESSES:
            self._process.join(0)


def said_of(status: int | None) -> str:
    """Return what an exit status means."""
    if status is None:
        return "no exit status"
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
