"""The unix socket: opened once, and only for whom it is meant."""

from __future__ import annotations

import errno
import os
import socket
import struct
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from cbvir_core.errors import ConfigError, StoreBusy

LOG = structlog.get_logger(__name__)

MODE = 0o660
BACKLOG = 128

SO_PEERGROUPS = 59
"""Linux: the peer's supplementary groups; the socket module has no name for it."""

_CREDENTIALS = struct.Struct("iII")


@contextmanager
def listening(path: Path, passed: list[socket.socket]) -> Iterator[socket.socket]:
    """The socket to serve on: one that systemd passed, else a new one at `path`, removed at the end.

    A socket file that nobody listens on is replaced.  Raises StoreBusy where somebody does,
    ConfigError where the socket cannot be made.
    """
    if passed:
        with passed[0] as served:
            yield served
        return
    with _open(path) as served:
        try:
            yield served
        finally:
            path.unlink(missing_ok=True)


def _open(path: Path) -> socket.socket:
    served = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        before = os.umask(0o777 & ~MODE)
        try:
            served.bind(str(path))
        finally:
            os.umask(before)
        served.listen(BACKLOG)
    except OSError as error:
        served.close()
        raise ConfigError(f"the socket {path} cannot be made: {error.strerror or error}") from error
    except BaseException:
        served.close()
        raise
    return served


def _clear(path: Path) -> None:
    """Remove the socket file of a service that is gone.  Raises StoreBusy where one is there."""
    if not path.exists():
        return
    if not path.is_socket():
        raise ConfigError(f"{path} is there and is no socket; move it, or set another service.socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT):
                raise
            path.unlink(missing_ok=True)
            return
        holder = peer(probe).pid
    raise StoreBusy(f"process {holder} already listens on {path}; stop it or set another service.socket")


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a unix socket."""

    pid: int
    uid: int
    groups: frozenset[int]


def peer(connection: socket.socket) -> Peer:
    """The process at the other end, as it was when it connected."""
    pid, uid, gid = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 1024)
    except OSError:  # an older kernel, or more groups than fit: the main group has to do
        packed = b""
    return Peer(pid, uid, frozenset({gid, *struct.unpack(f"{len(packed) // 4}I", packed)}))


def is_welcome(who: Peer, socket_file: Path) -> bool:
    """Whether the peer is this user, root, or in the group that the socket file belongs to.

    The file's mode says the same; this also holds where the socket was passed in with a wider one.
    """
    if who.uid in (0, os.geteuid()):
        return True
    try:
        return socket_file.stat().st_gid in who.groups
    except (OSError, ValueError):  # an abstract socket has no file and no group
        return False


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 for those who are welcome; everybody else is cut off with 403."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Look who is there before a byte is read."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        who = peer(connection)
        if not is_welcome(who, Path(os.fsdecode(connection.getsockname()))):
            LOG.warning("peer refused", pid=who.pid, uid=who.uid)
            transport.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            transport.close()
