"""Who may do what: members of the socket's group read and ask, administrators do the rest."""

from __future__ import annotations

import errno
import grp
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbvird.http.unix_socket import Peer, administers
from support.services import Service

STRANGER = 54321
"""A user who is nobody on this machine."""

ADMINISTRATIVE = [
    ("POST", "/v1/retry"),
    ("DELETE", "/v1/videos?video=none"),
    ("DELETE", "/v1/videos/none"),
    ("POST", "/v1/calibrate"),
    ("DELETE", "/v1/calibrate"),
    ("DELETE", "/v1/calibration"),
    ("POST", "/v1/index/rebuild"),
    ("POST", "/v1/models/moreso/fetch"),
    ("POST", "/v1/models/mine/import"),
    ("PUT", "/v1/models/mine/files/a"),
    ("PUT", "/v1/uploads/a.mp4?root=/"),
    ("POST", "/v1/backup"),
    ("POST", "/v1/web/token"),
    ("DELETE", "/v1/web/sessions"),
]
FOR_ALL = [("GET", "/v1/status"), ("GET", "/v1/videos"), ("GET", "/v1/errors"), ("POST", "/v1/rescan")]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a process of another user")


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    service = make_service()
    service.folder.chmod(0o755)
    return service


def request(path: Path, method: str, target: str) -> tuple[int, str]:
    """Send a request with a body of one byte; return the status and the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        head = f"{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx"
        connection.sendall(head.encode())
        raw = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return int(raw.split()[1]), raw.partition("\r\n\r\n")[2]


def asked_by(groups: list[int], service: Service, calls: list[tuple[str, str]]) -> list[Any]:
    """Return what a user of these groups is answered, who is nobody otherwise, or the error's number.

    In a child that changes its user: Python itself may lie where others may not read.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setresgid(groups[0], groups[0], groups[0])
            os.setresuid(STRANGER, STRANGER, STRANGER)
            told: list[Any] = [request(service.socket, *call) for call in calls]
        except OSError as error:
            told = [error.errno]
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found: list[Any] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return found


@as_root
def test_a_member_of_the_group_reads_and_asks_and_does_not_administrate(service: Service) -> None:
    group = service.socket.stat().st_gid
    refused = asked_by([group], service, ADMINISTRATIVE)
    assert [status for status, _ in refused] == [403] * len(ADMINISTRATIVE)
    assert all("service.administrators" in said for _, said in refused)
    assert [status for status, _ in asked_by([group], service, FOR_ALL)] == [200] * len(FOR_ALL)
    ((status, _),) = asked_by([group], service, [("POST", "/v1/query")])
    assert status == 415  # what was sent is no picture


@as_root
def test_a_stranger_does_not_even_connect(service: Service) -> None:
    assert asked_by([STRANGER], service, FOR_ALL) == [errno.EACCES]


def test_every_route_that_changes_the_library_is_administrative(service: Service) -> None:
    """A route that is added is put on one of the two lists."""
    documented = {
        (method.upper(), path)
        for path, operations in service.get("/openapi.json")["paths"].items()
        for method in operations
        if method in ("post", "put", "delete", "patch")
    }
    asking = {
        *("/v1/query", "/v1/query/clip", "/v1/query/pictures", "/v1/pictures/preview", "/v1/export"),
        *("/v1/keyframes/{keyframe_id}/evidence", "/v1/keyframes/{keyframe_id}/agreement"),
        *("/v1/duplicates", "/v1/bench", "/v1/models/verify", "/v1/rescan"),
    }
    parameters = {
        "none": "{video_id}",
        "moreso": "{profile}",
        "mine": "{profile}",
        "a": "{name}",
        "a.mp4": "{name}",
    }
    administrative = {
        (method, "/".join(parameters.get(part, part) for part in path.partition("?")[0].split("/")))
        for method, path in ADMINISTRATIVE
    }
    assert {(method, path) for method, path in documented if path not in asking} == administrative


def test_administrators_are_this_user_root_and_a_group_that_exists() -> None:
    group = grp.getgrall()[0]
    stranger = Peer(1, STRANGER, frozenset({group.gr_gid}))
    assert administers(Peer(1, os.geteuid(), frozenset()), "")
    assert administers(Peer(1, 0, frozenset()), "")
    assert administers(stranger, group.gr_name)
    assert not administers(stranger, "")
    assert not administers(stranger, "no-such-group")
    assert not administers(Peer(1, STRANGER, frozenset()), group.gr_name)
