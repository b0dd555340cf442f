"""Why no service answers on a socket, and what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path

NOT_RUNNING = "it is not running, or it is stopping or still starting"
START_IT = (
    "Start it with `cbvird` or `systemctl start cbvird`, or ask again in a few seconds, or name its socket "
    "with --socket."
)
JOIN_THE_GROUP = (
    "Let an administrator put you into the socket's group (`adduser NAME cbvir` where cbvir is a service of "
    "the machine), and log in again."
)
NAME_THE_SOCKET = "Name the socket of the service with --socket."
LOOK_AT_ITS_LOG = "It may have stopped or be stopping: `cbvirctl status` and its log tell."


def why_unreachable(socket: Path, error: Exception) -> tuple[str, str]:
    """Return the reason why a connection failed or broke, and a sentence with advice."""
    number = _error_number(error)
    if number in (errno.EACCES, errno.EPERM):
        return "this user may not use it", JOIN_THE_GROUP
    if number == errno.ENOENT:
        return f"{NOT_RUNNING}: there is no such socket", START_IT
    if number == errno.ECONNREFUSED:
        if socket.exists() and not socket.is_socket():
            return "that is no socket", NAME_THE_SOCKET
        return f"{NOT_RUNNING}: nothing listens there", START_IT
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "it hung up", LOOK_AT_ITS_LOG
    if number is None and "too long" in str(error):
        return "the path is too long for a socket", NAME_THE_SOCKET
    return str(error).rstrip(".") or type(error).__name__, LOOK_AT_ITS_LOG


def _error_number(error: BaseException | None) -> int | None:
    """Return the number of the system's error that httpx has wrapped; None where there is none."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error = error.__cause__ or error.__context__
    return None
