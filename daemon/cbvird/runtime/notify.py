"""systemd's protocols for notifications and passed sockets, see sd_notify(3) and sd_listen_fds(3).

Without systemd every function does nothing, so callers need not check.  Those that tell systemd something
return whether they could.
"""

from __future__ import annotations

import os
import socket

import structlog

FIRST_FD = 3
"""Passed descriptors follow standard input, output and error."""

LOG = structlog.get_logger(__name__)


def ready() -> bool:
    """Tell systemd that the service answers."""
    return _send("READY=1")


def watchdog() -> bool:
    """Tell systemd that the service is alive; due every `watchdog_interval_s`."""
    return _send("WATCHDOG=1")


def stopping() -> bool:
    """Tell systemd that the service has begun to stop."""
    return _send("STOPPING=1")


def status(text: str) -> bool:
    """Set the line that ``systemctl status`` shows."""
    return _send("STATUS=" + " ".join(text.split()))


def extend_timeout(seconds: float) -> bool:
    """Ask for so many seconds more to start or to stop."""
    return _send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")


def watchdog_interval_s() -> float | None:
    """Return the seconds between two calls of `watchdog`, half of what systemd waits.

    None means that systemd does not wait for any.
    """
    pid = os.environ.get("WATCHDOG_PID")
    if pid and pid != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdecimal() and int(microseconds) else None


def listen_fds() -> list[socket.socket]:
    """Return the sockets that systemd has opened for this process, in the order of the socket unit.

    To be called once: the variables are removed, so that no child process takes the sockets for its own.
    """
    pid = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    return [_adopt(fd) for fd in range(FIRST_FD, FIRST_FD + int(count))]


def _adopt(fd: int) -> socket.socket:
    os.set_inheritable(fd, False)
    return socket.socket(fileno=fd)


def _send(message: str) -> bool:
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return False
    address = "\0" + name[1:] if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall(message.encode())
    except OSError as error:
        LOG.warning("systemd cannot be notified", message=message, error=str(error))
        return False
    return True
