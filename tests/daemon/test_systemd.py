"""What systemd sees of the service: the socket that it passes in, and what it is told."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.services import Service

PASS_IN = 'LISTEN_PID=$$ exec "$@"'
WATCHDOG_S = 2


@pytest.fixture
def service(prepared: Path) -> Iterator[Service]:
    made = Service(prepared)
    yield made
    made.close()


def test_a_passed_socket_and_notifications(service: Service) -> None:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    passed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with told, passed:
        told.bind(str(service.folder / "notify"))
        told.settimeout(60)
        passed.bind(str(service.socket))
        passed.listen()
        mode = stat.S_IMODE(service.socket.stat().st_mode)
        variables = {
            "LISTEN_FDS": "1",
            "NOTIFY_SOCKET": str(service.folder / "notify"),
            "WATCHDOG_USEC": str(WATCHDOG_S * 1_000_000),
        }
        spare = os.dup(3)  # systemd's first descriptor; whatever pytest has there is put back
        os.dup2(passed.fileno(), 3)
        process = subprocess.Popen(
            ["sh", "-c", PASS_IN, "sh", *service.command()],
            env=os.environ | variables,
            pass_fds=[3],
            stderr=subprocess.PIPE,
        )
        os.dup2(spare, 3)
        os.close(spare)
        try:
            heard = [told.recv(200) for _ in range(4)]
            assert heard[0] == b"READY=1"
            assert heard[1].startswith(b"STATUS=")
            assert heard[2:] == [b"WATCHDOG=1", b"WATCHDOG=1"]
            assert service.get("/healthz") == {"status": "ok"}
            process.terminate()
            while (last := told.recv(200)) == b"WATCHDOG=1":
                pass
            assert last == b"STOPPING=1"
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.communicate()
        assert stat.S_IMODE(service.socket.stat().st_mode) == mode
