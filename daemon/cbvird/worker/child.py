"""What every process has in common that the service starts for strangers' bytes."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""Option of prctl(2): the signal that this process gets when its parent dies."""

PR_SET_NAME = 15


def become_child(name: str) -> None:
    """Make this process die with the service and ignore signals to stop; give it a name for `ps`.

    SIGINT and SIGTERM reach the whole process group; it is the service that decides when a child ends.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(PR_SET_NAME, name.encode())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
