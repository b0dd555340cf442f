"""The decode worker: a process that takes one video apart into keyframes.

A codec is the one part of the service that strangers' bytes can crash, hang or bloat, so it runs
by itself: at low priority, with a limit on its memory, and without networks or the store.  It must
not import torch or OpenVINO.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from cbvir_core.borders.crop import borders_of, without_borders
from cbvir_core.decode import STILL_SIDE, Mode, read_frames
from cbvir_core.errors import CbvirError, DecodeMemory, FileChanged, FileUnreadable
from cbvir_core.keyframes import KeyframeExtractor, KeyframeOptions
from cbvird.worker import wire

SIGN_OF_LIFE_S = 0.5
"""How often a worker tells its progress, in seconds."""

HARD_LIMIT = 2
"""The kernel refuses memory at this multiple of the limit that the service watches: the service
names the reason and is right to a second; the kernel stops a single huge allocation at once."""

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Task:
    """One file to take apart, and how."""

    path: Path
    mode: Mode
    keyframes: KeyframeOptions
    memory_mb: int
    nice: int = 10


def main(connection: Connection, task: Task) -> None:
    """The process: probe, wait for the word to go on, send keyframes, say how it ended."""
    _restrain(task)
    try:
        with connection:
            _tell_outcome(connection, task)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the service is gone or has enough


def _tell_outcome(connection: Connection, task: Task) -> None:
    try:
        outcome = take_apart(connection, task)
    except CbvirError as error:
        outcome = wire.Failed(error.code, str(error))
    except FileNotFoundError:
        outcome = wire.Failed(FileUnreadable.code, f"{task.path} is gone")
    except (MemoryError, cv2.error) as error:
        if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
            raise
        outcome = wire.Failed(DecodeMemory.code, _too_much(task))
    if outcome is not None:
        wire.send(connection, outcome)


def take_apart(connection: Connection, task: Task) -> wire.Finished | wire.Failed | None:
    """Decode the file and send its keyframes; None where the service did not want them."""
    before = _signature(task.path)
    with read_frames(
        task.path, samples_per_s=1 / task.keyframes.sample_s, mode=task.mode, max_side=STILL_SIDE
    ) as reader:
        wire.send(connection, wire.Probed(reader.info))  # reading begins with a probe: one is enough
        if connection.recv_bytes(len(wire.GO)) != wire.GO:
            return None
        extractor = KeyframeExtractor.from_options(task.keyframes)
        signs = _SignsOfLife(connection)
        box = borders_of(task.path, STILL_SIDE, signs.give)
        if box is not None:
            wire.send(connection, wire.Framed(box))
        for frame in without_borders(reader, box):
            for keyframe in extractor.push(frame):
                wire.send(connection, wire.Found(keyframe))
            signs.give(reader.position_s, reader.damaged)
        for keyframe in extractor.flush():
            wire.send(connection, wire.Found(keyframe))
        if _signature(task.path) != before:
            raise FileChanged(f"{task.path} changed while it was being read; it is read again later")
        return wire.Finished(reader.position_s, reader.damaged)


class _SignsOfLife:
    """Tells the service, now and then, how far the work is."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._given = connection, time.monotonic()

    def give(self, position_s: float = 0.0, damaged: int = 0) -> None:
        if time.monotonic() - self._given >= SIGN_OF_LIFE_S:
            wire.send(self._connection, wire.Progress(position_s, damaged))
            self._given = time.monotonic()


def _too_much(task: Task) -> str:
    return f"decoding {task.path} wanted far more memory than decode.memory_mb = {task.memory_mb}"


def _signature(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _restrain(task: Task) -> None:
    """Die with the service, leave stopping to it, be polite, and stay small."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(task.nice)
    cv2.setNumThreads(1)
    ceiling = HARD_LIMIT * task.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
