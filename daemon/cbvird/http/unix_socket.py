"""The unix socket of the service: opening it, and refusing those for whom it is not meant."""

from __future__ import annotations

import errno
import grp
import os
import socket
import struct
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from cbvir_core.errors import ConfigError, StoreBusy
from cbvird.http.roles import ADMINISTERS

LOG = structlog.get_logger(__name__)

SOCKET_MODE = 0o660
"""The owner and the group may connect, as in the systemd socket units."""

LISTEN_BACKLOG = 128
"""Connections that may wait to be accepted."""

SO_PEERGROUPS = 59
"""Linux's socket option for the peer's supplementary groups; the socket module has no name for it."""

_CREDENTIALS = struct.Struct("iII")


@contextmanager
def listening_socket(path: Path, passed: list[socket.socket]) -> Iterator[socket.socket]:
    """Yield the socket to serve on: one that systemd passed, else a new one at `path`, removed at the end.

    The socket file of a process that has ended is replaced.  Raises StoreBusy where a process listens on it,
    ConfigError where the socket cannot be made.
    """
    if passed:
        with passed[0] as served:
            yield served
        return
    with _make_socket(path) as served:
        try:
            yield served
        finally:
            path.unlink(missing_ok=True)


def _make_socket(path: Path) -> socket.socket:
    served = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            served.bind(str(path))
        finally:
            os.umask(before)
        served.listen(LISTEN_BACKLOG)
    except OSError as error:
        served.close()
        raise ConfigError(
            f"cannot be used as a socket: {error.strerror or error}; set another service.socket", path=path
        ) from error
    except BaseException:
        served.close()
        raise
    return served


def _remove_stale(path: Path) -> None:
    """Remove the socket file of a service that has ended.  Raises StoreBusy where one still runs."""
    if not path.exists():
        return
    if not path.is_socket():
        raise ConfigError("exists and is no socket; move it, or set another service.socket", path=path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT):
                raise
            path.unlink(missing_ok=True)
            return
        holder = peer(probe).pid
    raise StoreBusy(
        f"is in use: process {holder} listens on it; stop it, or set another service.socket", path=path
    )


@dataclass(frozen=True, slots=True)
class Peer:
    """The process and user at the other end of a unix socket."""

    pid: int
    uid: int
    groups: frozenset[int]


def peer(connection: socket.socket) -> Peer:
    """Return the process at the other end, as it was when it connected."""
    pid, uid, gid = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 1024)
    except OSError:  # an older kernel, or more groups than fit: then only the main group counts
        packed = b""
    return Peer(pid, uid, frozenset({gid, *struct.unpack(f"{len(packed) // 4}I", packed)}))


def is_allowed(client: Peer, socket_file: Path) -> bool:
    """Return whether the peer is this user, root, or in the group of the socket file.

    The mode of the file allows the same.  This check also holds where a passed socket has a wider mode.
    """
    if client.uid in (0, os.geteuid()):
        return True
    try:
        return socket_file.stat().st_gid in client.groups
    except (OSError, ValueError):  # an abstract socket has no file and no group
        return False


def administers(client: Peer, group: str) -> bool:
    """Return whether the peer is this user, root, or in the group of administrators, if one is named."""
    if client.uid in (0, os.geteuid()):
        return True
    try:
        return bool(group) and grp.getgrnam(group).gr_gid in client.groups
    except KeyError:  # no such group: it has no members
        return False


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 for peers that are allowed; others get status 403 and are disconnected.

    `administrators` names the group whose members may do what is for administrators.
    """

    administrators: ClassVar[str] = ""

    @classmethod
    def for_administrators(cls, group: str) -> type[GuardedProtocol]:
        """Return the protocol for a service with that group."""
        return type("GuardedProtocol", (cls,), {"administrators": group})

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Check the peer before a byte is read."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        client = peer(connection)
        # A copy: uvicorn hands the same dictionary to every connection.
        self.app_state = {**self.app_state, ADMINISTERS: administers(client, self.administrators)}
        if not is_allowed(client, Path(os.fsdecode(connection.getsockname()))):
            LOG.warning("peer refused", pid=client.pid, uid=client.uid)
            transport.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            transport.close()
