"""The service's events, shown while a command waits for the end of some work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cbvirctl.errors import ClientError

Events = Iterable[tuple[str, dict[str, Any]]]
"""Kind and data of each, as `cbvirctl.client.Client.events` gives them."""


@contextmanager
def listening(socket: Path, draw: Callable[[Events], None]) -> Iterator[None]:
    """Let `draw` show the service's events in a thread of its own while this is open.

    Where no events can be had, or they end too soon, nothing is shown any more and nothing fails: the request
    that the command waits for reports what is wrong.
    """
    # The thread waits for events until the service or this process ends.
    threading.Thread(target=_listen, args=(socket, draw), daemon=True).start()
    yield


def _listen(socket: Path, draw: Callable[[Events], None]) -> None:
    from cbvirctl.client import Client

    # ValueError: the last line of a stream that broke off is no whole document.
    with suppress(ClientError, ValueError), Client(socket, timeout_s=None) as client:
        draw(client.events())
