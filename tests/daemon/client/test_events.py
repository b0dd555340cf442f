"""Events that are shown beside a command's work end with that work."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvirctl.events import Events, listening

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
EVENT = b'event: models\ndata: {"bytes": 7}\n\n'


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """The socket of a service that sends one event, keeps the connection and says nothing more."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        kept: list[socket.socket] = []

        def answer() -> None:
            caller, _ = listener.accept()
            kept.append(caller)
            caller.recv(65_536)
            caller.sendall(HEAD + EVENT)

        answering = threading.Thread(target=answer)
        answering.start()
        yield path
        answering.join()
        for one in kept:
            one.close()


def test_no_thread_outlives_what_it_was_shown_beside(endless: Path) -> None:
    seen, shown = [], threading.Event()

    def draw(events: Events) -> None:
        for event in events:
            seen.append(event)
            shown.set()

    before = threading.active_count()
    with listening(endless, draw):
        assert shown.wait(10)
    assert seen == [("models", {"bytes": 7})]
    assert threading.active_count() <= before
