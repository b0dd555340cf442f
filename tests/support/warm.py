"""``cbvird`` and ``cbvirctl`` forked from a process that has imported them already.

Each is a process of its own, with its own arguments, environment, folder, streams and exit code.  Only the
import is shared: it takes the service more than a second of processor time, and a run of all tests starts
some hundreds of them.  Tests of the start itself run the installed commands.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

IMPORTED = {
    "cbvird": ("cbvird.worker.single_thread_blas", "cbvird.app"),
    "cbvirctl": (
        "httpx",
        "pydantic.functional_validators",
        "pydantic.type_adapter",
        "rich.console",
        "rich.progress",
        "rich.table",
    ),
}
"""What the process that is forked imports beside the command itself, in this order."""

SEARCH_PATH = "PYTHONPATH"

REQUEST_BYTES = 1 << 20
"""Upper bound of a request: arguments and environment."""


class ForkedCommand:
    """A running command, used as a `subprocess.Popen`."""

    def __init__(self, forks: WarmForks, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forks, self._end = forks, os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while the command runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code; raises `subprocess.TimeoutExpired`."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self._forks.program, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal where the command still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._end, number)

    def kill(self) -> None:
        """End the command at once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._end], [], [], timeout)[0]:
            self.returncode = self._forks.code_of(self.pid)
            os.close(self._end)
        return self.returncode


class WarmForks:
    """The process that has a command imported, and forks when it is told to."""

    def __init__(self, program: str) -> None:
        self.program, self._lock = program, threading.Lock()
        self._search_path = os.environ.get(SEARCH_PATH)
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, program, str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C at a terminal is for pytest
            )
        atexit.register(self._close)

    def fits(self, env: Mapping[str, str]) -> bool:
        """Return whether the command would import the same modules in an environment."""
        return env.get(SEARCH_PATH) == self._search_path

    def start(
        self, arguments: Sequence[str], streams: tuple[int, int, int], env: Mapping[str, str] | None = None
    ) -> ForkedCommand:
        """Start the command; `streams` are its stdin, stdout and stderr."""
        assert self.fits(env or os.environ)
        request = {"arguments": list(arguments), "env": dict(env or os.environ), "cwd": str(Path.cwd())}
        return ForkedCommand(self, int(self._answer(request, streams)))

    def code_of(self, pid: int) -> int:
        """Return the exit code of a command that has ended."""
        return int(self._answer({"ended": pid}))

    def _answer(self, request: dict[str, Any], streams: tuple[int, ...] = ()) -> bytes:
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(request).encode()], streams)
            answer = self._channel.recv(REQUEST_BYTES)
        assert answer, f"the process that imports {self.program} has ended"
        return answer

    def _close(self) -> None:
        self._channel.close()
        self._process.wait()


@cache
def forks_of(program: str) -> WarmForks:
    """Return the forks of a command; its import begins with the first call."""
    return WarmForks(program)


def run(program: str, *arguments: str, stdin: bytes | None, timeout: float) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return its exit code, stdout and stderr.  Raises `TimeoutExpired`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin or b"")
        given.seek(0)
        command = forks_of(program).start(arguments, (given.fileno(), out.fileno(), err.fileno()))
        try:
            code = command.wait(timeout)
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()
            raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _serve(program: str, channel: socket.socket) -> None:
    """Import the command, and fork for each request until the other end is closed."""
    for name in IMPORTED[program]:
        importlib.import_module(name)
    command = importlib.import_module(f"{program}.__main__")
    package = importlib.import_module(program)
    if program == "cbvirctl":  # each command imports what it needs when it runs
        for module in pkgutil.iter_modules(package.__path__, f"{program}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # else each fork copies what it visits when it ends
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork has one thread only"
    running: set[int] = set()
    while True:
        data, streams, _, _ = socket.recv_fds(channel, REQUEST_BYTES, 3)
        if not data:
            break
        request = json.loads(data)
        if "ended" in request:
            running.discard(request["ended"])
            code = os.waitstatus_to_exitcode(os.waitpid(request["ended"], 0)[1])
            channel.send(str(code).encode())
            continue
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(request, streams)
            # The processes that the service starts look here for the program that they belong to.
            sys.modules["__main__"] = command
            sys.argv = [str(Path(sys.executable).with_name(program)), *request["arguments"]]
            sys.exit(command.main())
        for stream in streams:
            os.close(stream)
        running.add(pid)
        channel.send(str(pid).encode())
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def _become(request: dict[str, Any], streams: Sequence[int]) -> None:
    """Take the streams, the folder and the environment of a request."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])


if __name__ == "__main__":
    _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
