"""The service's side of one decode worker: starts it, reads its messages, and says why it ended."""

from __future__ import annotations

import math
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from cbvir_core.errors import CbvirError, DecodeCrashed, DecodeMemory, DecodeTimeout
from cbvir_core.types import Frame, SampledFrames, VideoInfo
from cbvird.worker import process, wire
from cbvird.worker.child_processes import ChildNotStarted, ChildProcess, said_of

WORKER_CHECK_S = 0.5
"""Seconds between two checks of a silent worker's memory and age."""


class DecodeStopped(Exception):
    """The service stops; the video stays incomplete and is decoded anew next time."""


class DecodeWorker:
    """One worker process and its messages.  A context manager: leaving it ends the process."""

    def __init__(self, task: process.DecodeTask, *, timeout_s: float, stop: threading.Event) -> None:
        self._task = task
        self._timeout_s = timeout_s
        self._stop = stop
        try:
            self._child = ChildProcess(process.main, (task,), name=f"decode {task.path.name}")
        except ChildNotStarted as error:
            raise DecodeCrashed(
                f"is not decoded: no decode worker could be started ({error})", path=self.path
            ) from error
        self._connection = self._child.connection
        _limit_waiting(self._connection, timeout_s)

    @property
    def path(self) -> Path:
        """The file."""
        return self._task.path

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._child.pid

    def probe(self) -> VideoInfo:
        """Return what the file is.  Raises what `cbvir_core.decode.probe` raised in the worker."""
        while isinstance(message := self._receive(), wire.DecodeProgress):
            pass
        if isinstance(message, wire.Probed):
            return message.info
        raise self._broken_protocol("a message before the file was probed")

    def messages(self) -> Iterator[wire.DecodeMessage]:
        """Let the worker decode; yield messages until `wire.Finished`, and raise what ended it otherwise."""
        try:
            self._connection.send_bytes(wire.GO_ON)
        except (BrokenPipeError, ConnectionResetError):
            raise self._death() from None
        while True:
            message = self._receive()
            if not isinstance(message, wire.DecodeMessage):
                raise self._broken_protocol("a second probe, or a scene instead of a keyframe")
            yield message
            if isinstance(message, wire.Finished):
                return

    def scenes(self) -> Iterator[SampledFrames | None]:
        """Yield the frames of each scene of the task, in order; raise what ended the worker otherwise."""
        while not isinstance(message := self._receive(), wire.Finished):
            if not isinstance(message, wire.FoundScene):
                raise self._broken_protocol("something else than a scene")
            yield message.frames

    def frames(self) -> Iterator[Frame]:
        """Yield the samples of a clip, in order; raise what ended the worker otherwise."""
        last = None
        while not isinstance(message := self._receive(), wire.Finished):
            if isinstance(message, wire.DecodeProgress):
                continue
            if not isinstance(message, wire.FoundFrame) or (last is not None and message.frame.time < last):
                raise self._broken_protocol("something else than the next frame")
            last = message.frame.time
            yield message.frame

    def cut(self) -> float | None:
        """Return the time of the cut that the task asks for; raise what ended the worker otherwise."""
        message = self._receive()
        if not isinstance(message, wire.FoundCut):
            raise self._broken_protocol("something else than a cut")
        return message.time_s

    def finish(self) -> None:
        """Wait until the worker has done a task that sends nothing; raise what ended it otherwise."""
        while not isinstance(message := self._receive(), wire.Finished):
            if not isinstance(message, wire.DecodeProgress):
                raise self._broken_protocol("something else than progress")

    def _receive(self) -> wire.WorkerMessage:
        if self._stop.is_set():  # a worker that reports progress again and again is never silent
            raise DecodeStopped
        self._await_message()
        try:
            message = wire.receive(self._connection)
        except (EOFError, ConnectionResetError):
            raise self._death() from None
        except BlockingIOError:
            raise DecodeStopped if self._stop.is_set() else self._no_progress() from None
        except OSError as error:
            # The message ends in the middle: the worker died, or it lies about its length.
            self._child.wait(WORKER_CHECK_S)
            if self._child.status() is not None:
                raise self._death() from None
            raise self._broken_protocol(f"what is no message: {error}") from error
        except ValueError as error:
            raise self._broken_protocol(f"what is no message: {error}") from error
        if isinstance(message, wire.Failed):
            raise message.error()
        return message

    def _await_message(self) -> None:
        """Wait for the worker, but only while it keeps to its time and memory.

        The time counts only while the service listens: a worker that waits because the service is
        busy does not time out.
        """
        deadline = time.monotonic() + self._timeout_s
        while not self._connection.poll(WORKER_CHECK_S):
            self._check_memory()
            if self._stop.is_set():
                raise DecodeStopped
            if time.monotonic() > deadline:
                raise self._no_progress()
        self._check_memory()

    def _check_memory(self) -> None:
        used_mb = resident_mb(self.pid)
        if used_mb > self._task.memory_mb:
            raise DecodeMemory(
                f"took {used_mb} MB of memory to decode, more than decode.memory_mb = "
                f"{self._task.memory_mb}; raise that setting if the machine has more",
                path=self.path,
            )

    def _no_progress(self) -> DecodeTimeout:
        return DecodeTimeout(
            f"made no progress for {self._timeout_s:g} s while it was decoded (decode.timeout_s)",
            path=self.path,
        )

    def _broken_protocol(self, what: str) -> DecodeCrashed:
        return DecodeCrashed(f"is not decoded: its decode worker sent {what}", path=self.path)

    def _death(self) -> CbvirError | DecodeStopped:
        """Return why the worker hung up.  At a shutdown it may die of the same signal as the service."""
        self._child.wait(2.0)
        if self._stop.wait(WORKER_CHECK_S):
            return DecodeStopped()
        cause = said_of(self._child.status())
        return DecodeCrashed(f"is not decoded: its decode worker died ({cause})", path=self.path)

    def __enter__(self) -> DecodeWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close()


def resident_mb(pid: int) -> int:
    """Return the resident memory of a process in MB; 0 when the process has ended."""
    try:
        with Path(f"/proc/{pid}/status").open() as lines:
            return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _limit_waiting(connection: Connection, timeout_s: float) -> None:
    """Let a read that hangs in the middle of a message fail with BlockingIOError."""
    with socket.socket(fileno=os.dup(connection.fileno())) as view:
        fraction, whole = math.modf(timeout_s)
        limit = struct.pack("ll", int(whole), int(fraction * 1e6))
        view.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
