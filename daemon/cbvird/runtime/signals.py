"""Waiting for SIGTERM and SIGINT."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType

END_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

SIGNAL_READ_BYTES = 4096
"""Bytes read at once; a signal is one byte."""


class Signals:
    """The signals that end the service, for the main thread; one that comes before `wait` is kept.

    This uses a handler and no mask.  A mask holds for one thread: threads that a library started earlier, or
    that lift the mask (as the thread does in which multiprocessing starts its resource tracker), would take
    the signal and die of it.  `sigtimedwait` does not fit either: when something else interrupts it past its
    time (a process that is stopped and continued, a debugger), it returns as if a signal had come.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = socket.socketpair()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a signal for at most so many seconds; return whether one has come."""
        ready, _, _ = select.select([self._read_end], [], [], timeout_s)
        return bool(ready) and any(number in END_SIGNALS for number in self._read_end.recv(SIGNAL_READ_BYTES))

    def __enter__(self) -> Signals:
        self._write_end.setblocking(False)
        signal.set_wakeup_fd(self._write_end.fileno(), warn_on_full_buffer=False)
        for number in END_SIGNALS:
            signal.signal(number, _ignore)
            signal.siginterrupt(number, False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The handler stays: a second signal must not break off the orderly end that the first one began.
        signal.set_wakeup_fd(-1)
        self._read_end.close()
        self._write_end.close()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written to the wake-up socket by now, whichever thread took the signal."""
