"""The service's side of the processes that read query pictures: starts them, asks them, replaces them."""

from __future__ import annotations

import math
import mmap
import os
import resource
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SHRINK, fcntl
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from types import TracebackType
from typing import Self

import structlog

from cbvir_core.errors import NotAPicture, ServiceBusy, ServiceStopping
from cbvir_core.types import Image
from cbvird.sandbox import SandboxReport
from cbvird.worker import picture_process
from cbvird.worker.child_processes import ChildNotStarted, ChildProcess, said_of

LOG = structlog.get_logger(__name__)

MAX_PICTURE_PROCESSES = 4
"""Pictures read at once.  Twice as many as searches: pictures that take long must not hold all of them."""

PICTURE_CPU_S = 10
"""Seconds of processor time for a picture; the largest that is let in takes four."""

PICTURE_TIME_S = 60.0
"""Seconds of real time after which a picture is given up, on a machine that is busy with other things."""

START_TIME_S = 30.0
WAIT_S = 0.2
"""Seconds between two looks whether the service stops."""

KEPT_SHARED_BYTES = 32 << 20
"""Shared memory that a process keeps between two pictures; what a larger one took is given back."""


class PictureProcessEnded(Exception):
    """A process ended while it read a picture, by that exit status, or gave no answer (None)."""

    def __init__(self, status: int | None, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason

    def error(self) -> NotAPicture:
        """Return what the sender of the picture is told."""
        if self.status == -signal.SIGXCPU:
            return NotAPicture(
                f"the picture takes more than {PICTURE_CPU_S} s of processor time to be read; save it again"
            )
        cause = self.reason if self.status is None else said_of(self.status)
        return NotAPicture(f"the picture could not be read: its process ended ({cause}); save it again")


class PictureProcess:
    """One process that reads pictures, one after the other."""

    def __init__(self) -> None:
        descriptor = os.memfd_create("cbvird-picture", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, picture_process.SHARED_BYTES)
            # The service maps it: were it cut short by the process, the service would die of SIGBUS.
            fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)
            self._shared = mmap.mmap(descriptor, picture_process.SHARED_BYTES)
            self._child = ChildProcess(picture_process.main, (), name=picture_process.PICTURE_PROCESS_NAME)
        except BaseException:
            os.close(descriptor)
            raise
        try:
            send_handle(self.connection, descriptor, self.pid)
            self.sandbox = picture_process.report_of(self._reply(START_TIME_S, lambda: None))
        except BaseException:
            self.close()
            raise
        finally:
            os.close(descriptor)

    @property
    def connection(self) -> Connection:
        """The line to the process."""
        return self._child.connection

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._child.status() is None

    def read(self, data: bytes, check: Callable[[], None]) -> Image:
        """Return the picture in `data`; `check` is called while it is read, and what it raises ends that.

        Raises NotAPicture.  After any other error the process is of no use any more; PictureProcessEnded
        says that it ended by itself.
        """
        self._limit_cpu()
        try:
            self.connection.send_bytes(data)
            image = picture_process.picture_of_reply(self._reply(PICTURE_TIME_S, check), self._shared)
        except (EOFError, ConnectionError, ValueError, OSError) as error:
            self._child.wait(1.0)
            raise PictureProcessEnded(self._child.status(), str(error)) from error
        if image.nbytes > KEPT_SHARED_BYTES:
            self._shared.madvise(mmap.MADV_REMOVE)
        return image

    def _reply(self, time_s: float, check: Callable[[], None]) -> bytes:
        deadline = time.monotonic() + time_s
        while not self.connection.poll(WAIT_S):
            check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer in {time_s:.0f} s")
        return self.connection.recv_bytes(picture_process.MAX_REPLY_BYTES)

    def _limit_cpu(self) -> None:
        """Let the kernel end the process where the next picture takes too much processor time."""
        used_s = time.clock_gettime(_cpu_clock(self.pid))
        hard = resource.prlimit(self.pid, resource.RLIMIT_CPU)[1]
        resource.prlimit(self.pid, resource.RLIMIT_CPU, (math.ceil(used_s) + PICTURE_CPU_S, hard))

    def wait(self, timeout_s: float) -> None:
        """Wait for the end of the process, at most that long."""
        self._child.wait(timeout_s)

    def close(self) -> None:
        """End the process."""
        self._child.close()
        with suppress(BufferError):  # where a picture is still being copied out, its end closes it
            self._shared.close()


class PictureProcesses:
    """As many processes as pictures are read at once, each started when it is first needed.  Thread-safe.

    A context manager; leaving it ends them.  Once `stop` is set no picture is read any more.
    """

    def __init__(self, stop: threading.Event, *, most: int = MAX_PICTURE_PROCESSES) -> None:
        self._stop = stop
        self._idle = deque[PictureProcess]()
        self._places = threading.BoundedSemaphore(most)
        self._sandbox: SandboxReport | None = None

    @property
    def sandbox(self) -> SandboxReport | None:
        """What the sandbox of the processes is; None before the first one runs."""
        return self._sandbox

    @property
    def idle(self) -> list[PictureProcess]:
        """The processes that wait for a picture."""
        return list(self._idle)

    def prepare(self) -> None:
        """Start a process, so that the first picture does not wait for it."""
        with self._places, suppress(ServiceBusy, ServiceStopping):
            self._idle.append(self._any())

    def read(self, data: bytes) -> Image:
        """Return the picture: `cbvir_core.decode.read_picture` in another process.

        Raises NotAPicture, also where a picture takes too much time or memory, or ends its process;
        ServiceBusy where no process can be started, ServiceStopping.
        """
        with self._places:
            process = self._any()
            try:
                image = process.read(data, self._check)
            except NotAPicture:
                self._idle.append(process)
                raise
            except BaseException as error:
                process.close()
                if isinstance(error, PictureProcessEnded):
                    LOG.warning("a picture ended its process", reason=error.reason, status=error.status)
                    raise error.error() from error
                raise
            self._idle.append(process)
            return image

    def _any(self) -> PictureProcess:
        """Return an idle process that lives, or a fresh one."""
        self._check()
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            process.close()
        try:
            process = PictureProcess()
        except (ChildNotStarted, OSError, EOFError, ValueError) as error:
            raise ServiceBusy(
                f"no process to read pictures could be started ({error}); try again in a moment"
            ) from error
        if self._sandbox is None:
            self._sandbox = process.sandbox
            LOG.info("sandbox", missing=list(process.sandbox.missing), landlock=process.sandbox.landlock)
        return process

    def _check(self) -> None:
        if self._stop.is_set():
            raise ServiceStopping("the service is stopping; ask again when it runs")

    def close(self) -> None:
        """End all processes; pictures that are being read end with ServiceStopping."""
        self._stop.set()
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cpu_clock(pid: int) -> int:
    """Return the clock of the processor time of a process (clock_getcpuclockid(3))."""
    return ~pid << 3 | 2
