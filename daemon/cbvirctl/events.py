"""The service's events, shown while a command waits for the end of some work."""

from __future__ import annotations

import socket as sockets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cbvirctl.errors import ClientError

Events = Iterable[tuple[str, dict[str, Any]]]
"""Kind and data of each, as `cbvirctl.client.Client.events` gives them."""

JOIN_S = 6.0
"""Seconds to wait for the listening thread: one more than a connection may take."""


class HangUp:
    """Ends a stream of events while another thread waits for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sockets.socket | None = None
        self._done = False

    def trace(self, event: str, details: dict[str, Any]) -> None:
        """Take the connection that httpx makes: its extension "trace" calls this."""
        if event == "connection.connect_unix_socket.complete":
            with self._lock:
                self._connection = details["return_value"].get_extra_info("socket")
                self._close_if_done()

    def now(self) -> None:
        """End the stream, or the next one if none is open yet."""
        with self._lock:
            self._done = True
            self._close_if_done()

    def _close_if_done(self) -> None:
        if self._done and self._connection is not None:
            with suppress(OSError):  # the other side, or the thread that listens, was first
                self._connection.shutdown(sockets.SHUT_RDWR)


@contextmanager
def listening(socket: Path, draw: Callable[[Events], None]) -> Iterator[None]:
    """Let `draw` show the service's events in a thread of its own while this is open.

    Where no events can be had, or they end too soon, nothing is shown any more and nothing fails: the request
    that the command waits for reports what is wrong.
    """
    hang_up = HangUp()
    # A daemon, for a service that accepts no connection must not keep the command.
    thread = threading.Thread(target=_listen, args=(socket, draw, hang_up), daemon=True)
    thread.start()
    try:
        yield
    finally:
        # A thread that is still at work when the interpreter ends can bring the process down.
        hang_up.now()
        thread.join(JOIN_S)


def _listen(socket: Path, draw: Callable[[Events], None], hang_up: HangUp) -> None:
    from cbvirctl.client import Client

    # ValueError: the last line of a stream that broke off is no whole document.
    with suppress(ClientError, ValueError), Client(socket, timeout_s=None) as client:
        draw(client.events(hang_up.trace))
