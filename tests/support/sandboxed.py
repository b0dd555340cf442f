"""What a process in the sandbox can still do: it tries, and sends what became of each try."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from cbvird.sandbox import SandboxRules, confine

DONE = "done"


def try_everything(connection: Connection, rules: SandboxRules, other: Path, parent: int) -> None:
    """Run as the process; `other` is a file that it has no business with."""
    report = confine(rules)
    connection.send((report, {name: _outcome(what) for name, what in _tries(rules, other, parent).items()}))


def _tries(rules: SandboxRules, other: Path, parent: int) -> dict[str, Callable[[], object]]:
    own = rules.file or other
    return {
        "read its file": own.read_bytes,
        "write its file": lambda: own.open("r+b"),
        "read another file": other.read_bytes,
        "list a folder": lambda: list(other.parent.iterdir()),
        "make a file": lambda: other.with_name("fresh").touch(),
        "remove a file": other.unlink,
        "move a file": lambda: other.rename(other.with_name("moved")),
        "read the secrets of processes": lambda: Path("/proc/self/environ").read_bytes(),
        "write its target": lambda: (rules.target or other).write_bytes(b"written"),
        "a unix socket": lambda: socket.socket(socket.AF_UNIX),
        "a network socket": lambda: socket.socket(socket.AF_INET),
        "a pair of sockets": socket.socketpair,
        "fork": _fork,
        "run a program": lambda: os.execv("/bin/true", ["true"]),
        "signal its parent": lambda: os.kill(parent, 0),
        "trace its parent": lambda: _call("ptrace", 16, parent, 0, 0),
        "make memory code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "raise its limits": _raise_limits,
        "unshare": lambda: _call("unshare", 0x10000000),
        "compute in a thread": _thread,
        "take memory": lambda: bytearray(64 << 20),
        "too much memory": lambda: bytearray((rules.memory_mb + 64) << 20),
    }


def _outcome(what: Callable[[], object]) -> str:
    try:
        result = what()
    except ValueError as error:  # what setrlimit makes of a refusal
        return PermissionError.__name__ if "not allowed" in str(error) else str(error)
    except (OSError, MemoryError) as error:
        return type(error).__name__
    if hasattr(result, "close"):
        result.close()
    return DONE


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def _fork() -> None:
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def _raise_limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def _thread() -> None:
    with contextlib.ExitStack() as ended:
        thread = threading.Thread(target=sum, args=(range(1000),))
        thread.start()
        ended.callback(thread.join)
