"""Files that grow: by the waits of their own reader, or by a process that appends to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import av

from cbvir_core.decode import GrowingFile

QUIET_S = 10.0

RECORDER = """
import sys, threading, time

source, target, at_once, trickle, pause_s = sys.argv[1:]
data, ended = open(source, "rb").read(), threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
with open(target, "ab", buffering=0) as file:
    place = file.tell()
    while place < len(data):
        count = int(at_once) - place if place < int(at_once) else int(trickle)
        count = len(data) - place if ended.is_set() else min(count, 40_000)
        file.write(data[place : place + count])
        place += count
        ended.wait(float(pause_s) if place >= int(at_once) else 0.02)
"""
"""Appends what a file lacks of another one: quickly at first, then so slowly that it grows for minutes, and
the rest at once when its input is closed."""


class AppendedFile:
    """A file to which the waits of its reader append the next piece, so that no test depends on time."""

    def __init__(self, path: Path, data: bytes, pieces: Iterable[int]) -> None:
        self.path, self.left, self.now = path, data, 0.0
        self._pieces = iter(pieces)
        path.write_bytes(b"")
        self.append(next(self._pieces, len(data)))

    def append(self, count: int) -> None:
        """Write the next bytes."""
        with self.path.open("ab") as file:
            file.write(self.left[:count])
        self.left = self.left[count:]

    def sleep(self, seconds: float) -> None:
        """Let time pass; the writer writes its next piece meanwhile, and all that is left as its last one."""
        self.now += seconds
        self.append(next(self._pieces, len(self.left)))

    def open(self, quiet_s: float = QUIET_S) -> GrowingFile:
        """The file as its reader opens it."""
        return GrowingFile(self.path, quiet_s, clock=lambda: self.now, sleep=self.sleep)


class Recorder:
    """A process that records into a file, slowly, until it is told to write the rest; a context manager."""

    def __init__(self, source: Path, target: Path, *, at_once: int, trickle: int = 188) -> None:
        arguments = (str(source), str(target), str(at_once), str(trickle), "0.1")
        self._process = subprocess.Popen([sys.executable, "-c", RECORDER, *arguments], stdin=subprocess.PIPE)

    @property
    def is_recording(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def finish(self) -> None:
        """Have the rest written at once, and wait for it."""
        self._close()
        assert self._process.wait(30) == 0

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
        self._close()


def write_recording(source: Path, path: Path, duration_s: float) -> Path:
    """Write the pictures of a film over and over, for so long; the suffix of `path` names the container."""
    with av.open(str(source)) as film, av.open(str(path), "w") as target:
        stream = film.streams.video[0]
        copy = target.add_stream_from_template(stream)
        assert stream.time_base is not None
        assert stream.average_rate is not None
        length = stream.frames / stream.average_rate
        for turn in range(max(1, round(duration_s / float(length)))):
            film.seek(0)
            for packet in film.demux(stream):
                if packet.dts is not None and packet.pts is not None:
                    shift = round(turn * length / stream.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, copy
                    target.mux(packet)
    return path
