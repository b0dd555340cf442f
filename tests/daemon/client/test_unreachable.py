"""What is said where no service answers: the reason, and what to do about this one."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cbvirctl.client import Client
from cbvirctl.errors import Unreachable
from cbvirctl.unreachable import JOIN_THE_GROUP, LOOK_AT_ITS_LOG, NOT_RUNNING, why_unreachable
from support.services import Service

Here = Callable[..., tuple[int, str, str]]

# Conftest of this folder is no module that can be imported.
Ask = Callable[..., Any]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Httpx leaves the socket open that it could not connect: closed here, it is no other test's warning."""
    yield
    gc.collect()


def nothing(path: Path) -> None:
    """There is nothing."""


def left(path: Path) -> None:
    """A socket that a killed service has left."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def deaf(path: Path) -> None:
    path.write_text("text")


@pytest.mark.parametrize(
    ("make", "reason", "advice"),
    [
        (nothing, f"{NOT_RUNNING}: there is no such socket", "Start it with `cbvird`"),
        (left, f"{NOT_RUNNING}: nothing listens there", "Start it with `cbvird`"),
        (deaf, "that is no socket", "with --socket"),
        (Path.mkdir, "that is no socket", "with --socket"),
    ],
)
def test_the_reason_is_said_in_words(
    make: Callable[[Path], None], reason: str, advice: str, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    make(path)
    with Client(path) as client, pytest.raises(Unreachable) as raised:
        client.get("/healthz")
    assert f"does not answer on {path} ({reason}). " in str(raised.value)
    assert advice in str(raised.value)
    assert "Errno" not in str(raised.value)


def test_a_path_that_is_too_long_for_a_socket_is_called_so(tmp_path: Path) -> None:
    with Client(tmp_path / ("x" * 200)) as client, pytest.raises(Unreachable, match="too long for a socket"):
        client.get("/healthz")


def test_who_may_not_use_the_socket_is_told_of_its_group() -> None:
    error = httpx.ConnectError("[Errno 13] Permission denied")
    error.__cause__ = PermissionError(errno.EACCES, "Permission denied")
    assert why_unreachable(Path("/run/s"), error) == ("this user may not use it", JOIN_THE_GROUP)


def test_a_service_that_hangs_up_is_not_said_to_be_absent(tmp_path: Path) -> None:
    reason, advice = why_unreachable(tmp_path, httpx.RemoteProtocolError("Server disconnected."))
    assert (reason, "Start it" in advice) == ("Server disconnected", False)


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EPIPE])
def test_a_broken_connection_is_told_in_words(number: int, tmp_path: Path) -> None:
    error = httpx.ReadError(str(OSError(number, os.strerror(number))))
    error.__cause__ = OSError(number, os.strerror(number))
    assert why_unreachable(tmp_path, error) == ("it hung up", LOOK_AT_ITS_LOG)


def test_a_query_to_a_service_that_was_told_to_stop_says_so(
    make_service: Callable[..., Service], ask: Ask, picture: Path
) -> None:
    """Until the service has seen the signal it answers; from then on it is stopping, and then stopped."""
    service = make_service()
    os.kill(service.pid, signal.SIGTERM)
    while (done := ask(service, "query", str(picture))).code == 1:
        assert "Nothing was found" in done.out
    assert done.code == 3
    assert "stopping" in done.err
    assert service.wait_end() == 0
    gone = ask(service, "query", str(picture), "--json")
    assert (gone.code, gone.error["code"], gone.error["retry"]) == (3, "unreachable", True)
    assert NOT_RUNNING in gone.error["message"]


def test_a_socket_that_may_not_be_read_is_no_wrong_usage(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it may be used is for the connection to find out: root and members of its group may."""
    left(tmp_path / "s")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    code, _, err = here("status", "--socket", str(tmp_path / "s"))
    assert (code, "nothing listens there" in err) == (3, True)
