from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvird.runtime import notify


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """The receiving end of notifications, at a path or in the abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@cbvir-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        receiver.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield receiver


def test_systemd_is_told(systemd: socket.socket) -> None:
    assert notify.ready()
    assert notify.watchdog()
    assert notify.status("indexing\nfilm.mp4  – 12 %")
    assert notify.extend_timeout(1.5)
    assert notify.stopping()
    assert [systemd.recv(4096).decode() for _ in range(5)] == [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=indexing film.mp4 – 12 %",
        "EXTEND_TIMEOUT_USEC=1500000",
        "STOPPING=1",
    ]


@pytest.mark.parametrize("name", ["", "relative/path"])
def test_outside_of_systemd_nothing_happens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    assert not notify.ready()
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not notify.ready()


def test_a_socket_nobody_listens_on_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not notify.ready()


@pytest.mark.parametrize(
    ("microseconds", "pid", "interval"),
    [
        ("30000000", None, 15.0),
        ("30000000", "own", 15.0),
        ("30000000", "1", None),
        ("0", None, None),
        ("x", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_fed_in_half_the_time(
    microseconds: str | None, pid: str | None, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value.replace("own", str(os.getpid())))
    assert notify.watchdog_interval_s() == interval


ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[2]), 3)
if sys.argv[1] == "own":
    os.environ["LISTEN_PID"] = str(os.getpid())
from cbvird.runtime import notify
listeners = notify.listen_fds()
print(len(listeners), "LISTEN_FDS" in os.environ, notify.listen_fds())
for listener in listeners:
    assert not os.get_inheritable(listener.fileno())
    connection, _ = listener.accept()
    connection.sendall(b"hello")
    connection.close()
    listener.close()
"""


def activated(pid: str, listener: socket.socket, count: str = "1") -> subprocess.Popen[str]:
    """A process that gets `listener` as descriptor 3, as systemd passes it."""
    return subprocess.Popen(
        [sys.executable, "-c", ACTIVATED, pid, str(listener.fileno())],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[listener.fileno()],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LISTEN_PID": pid,
            "LISTEN_FDS": count,
        },
    )


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        yield listener


def test_a_passed_socket_is_taken_over(listener: socket.socket, tmp_path: Path) -> None:
    process = activated("own", listener)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(tmp_path / "s"))
        assert client.recv(10) == b"hello"
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "1 False []\n")


@pytest.mark.parametrize(("pid", "count"), [("1", "1"), ("", "1"), ("own", ""), ("own", "x"), ("own", "0")])
def test_sockets_meant_for_another_process_are_left_alone(
    pid: str, count: str, listener: socket.socket
) -> None:
    process = activated(pid, listener, count)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "0 False []\n")
