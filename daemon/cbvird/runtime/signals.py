"""SIGTERM and SIGINT as something that can be waited for."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

MANY = 4096
"""Signals read at once, a byte each."""


class Signals:
    """Waits for a signal that ends the service, in the main thread; one that comes early is kept.

    A handler, and no mask: a mask holds for one thread, and threads that a library started earlier, or
    that lifted it (as the one does in which multiprocessing starts its resource tracker), would take the
    signal and die of it.  Not `sigtimedwait` either: it looks as if a signal had come when something else
    (a process that is stopped and continued, a debugger) interrupts it past its time.
    """

    def __init__(self) -> None:
        self._heard, self._told = socket.socketpair()

    def wait(self, timeout_s: float) -> bool:
        """Whether one has come; waits for it so many seconds at most."""
        ready, _, _ = select.select([self._heard], [], [], timeout_s)
        return bool(ready) and any(number in SIGNALS for number in self._heard.recv(MANY))

    def __enter__(self) -> Signals:
        self._told.setblocking(False)
        signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _go_on)
            signal.siginterrupt(number, False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The handler stays: a second signal must not end in the middle what the first one ends in order.
        signal.set_wakeup_fd(-1)
        self._heard.close()
        self._told.close()


def _go_on(number: int, frame: FrameType | None) -> None:
    """Nothing: whichever thread took the signal, Python has written to the wake-up socket by now."""
