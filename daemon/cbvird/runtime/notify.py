"""systemd's notification and socket passing protocols, see sd_notify(3) and sd_listen_fds(3).

Everything is a no-op outside of systemd, so callers need not ask.
"""

from __future__ import annotations

import os
import socket

import structlog

FIRST_FD = 3
"""Passed descriptors follow standard input, output and error."""

log = structlog.get_logger(__name__)


def ready() -> bool:
    """Says that the service answers.  True if there was somebody to say it to."""
    return _send("READY=1")


def watchdog() -> bool:
    """Says that the service is alive; due every `watchdog_interval_s`."""
    return _send("WATCHDOG=1")


def stopping() -> bool:
    """Says that the service has begun to stop."""
    return _send("STOPPING=1")


def status(text: str) -> bool:
    """One line for ``systemctl status``."""
    return _send("STATUS=" + " ".join(text.split()))


def extend_timeout(seconds: float) -> bool:
    """Asks for this much more time to start or to stop."""
    return _send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")


def watchdog_interval_s() -> float | None:
    """Seconds between two `watchdog` calls: half of what systemd waits.  None if it does not wait."""
    pid = os.environ.get("WATCHDOG_PID")
    if pid and pid != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdecimal() and int(microseconds) else None


def listen_fds() -> list[socket.socket]:
    """The sockets that systemd has opened for this process, in the order of the socket unit.

    May be called once: the variables are removed, lest a child process take them for its own.
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
        log.warning("systemd cannot be told", message=message, error=str(error))
        return False
    return True
