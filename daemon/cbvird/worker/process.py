"""The decode worker: a process that takes one video apart into keyframes, reads known scenes anew, or writes
an excerpt.

A codec is the one part of the service that bytes from strangers can crash, hang or bloat.  So it runs in a
process of its own: at low priority, in a sandbox that lets it read that one file, with a limit on its memory,
and without networks or the store.  This module must not import torch or OpenVINO.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from cbvir_core.decode import Excerpt, GrowingFile, Mode, write_excerpt
from cbvir_core.errors import CbvirError, DecodeMemory, FileChanged, FileUnreadable
from cbvir_core.keyframes import (
    KeyframeOptions,
    KeyframeReader,
    SceneTask,
    cut_near,
    open_clip,
    read_scene_frames,
)
from cbvird.sandbox import SandboxReport, SandboxRules, confine
from cbvird.worker import wire
from cbvird.worker.child import become_child

PROGRESS_INTERVAL_S = 0.5
"""Seconds between two progress messages of a worker, at least."""

HARD_MEMORY_FACTOR = 2
"""The kernel refuses memory beyond this multiple of the limit that the service watches.  The service names
the reason but needs up to a second to notice; the kernel stops a single huge allocation at once."""

DECODE_PROCESS_NAME = "cbvird-decode"
"""As `ps` and `top` show a worker."""


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A clip that is asked with: all its samples, or the cut that is nearest to `cut_near_s`."""

    cut_near_s: float | None = None


@dataclass(frozen=True, slots=True)
class DecodeTask:
    """One file to take apart, and how.

    With `scenes` only the frames of known scenes are read; with `excerpt` a part is written to another file;
    with `clip` it is read as a question.  With `quiet_s` the file grows: it is read to its end, where
    nothing has come for so many seconds.
    """

    path: Path
    mode: Mode
    keyframes: KeyframeOptions
    memory_mb: int
    nice: int = 10
    scenes: SceneTask | None = None
    excerpt: Excerpt | None = None
    clip: ClipTask | None = None
    quiet_s: float | None = None


def main(connection: Connection, task: DecodeTask) -> None:
    """Run as the process: probe, wait for the word to go on, send keyframes, say how it ended."""
    try:
        with connection:
            _send_outcome(connection, task)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the service is gone or wants no more


def _send_outcome(connection: Connection, task: DecodeTask) -> None:
    try:
        _restrain(task)
        outcome = _work(connection, task)
    except CbvirError as error:
        outcome = wire.Failed.of(error)
    except FileNotFoundError:
        outcome = wire.Failed.of(FileUnreadable("is gone", path=task.path))
    except (MemoryError, cv2.error) as error:
        if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
            raise
        outcome = wire.Failed.of(_memory_refused(task))
    if outcome is not None:
        wire.send(connection, outcome)


def _work(connection: Connection, task: DecodeTask) -> wire.Finished | wire.Failed | None:
    if task.excerpt is not None:
        return _write(connection, task.path, task.excerpt)
    if task.clip is not None:
        return _read_clip(connection, task.path, task.clip)
    if task.scenes is not None:
        return _read(connection, task.scenes)
    return take_apart(connection, task) if task.quiet_s is None else _follow(connection, task, task.quiet_s)


def take_apart(connection: Connection, task: DecodeTask) -> wire.Finished | wire.Failed | None:
    """Decode the file and send its keyframes; return None where the service did not want them."""
    before = _signature(task.path)
    report_progress = _ProgressMessages(connection).report
    with KeyframeReader(task.path, task.keyframes, mode=task.mode, progress=report_progress) as keyframes:
        if not _send_keyframes(connection, keyframes):
            return None
        if _signature(task.path) != before:
            raise FileChanged("changed while it was being read; it is read again later", path=task.path)
        return wire.Finished(keyframes.position_s, keyframes.damaged)


def _follow(connection: Connection, task: DecodeTask, quiet_s: float) -> wire.Finished | None:
    """Decode a file that grows as `take_apart` does, with progress also while nothing comes."""
    progress = _ProgressMessages(connection)
    with (
        GrowingFile(task.path, quiet_s, waiting=progress.repeat) as growing,
        KeyframeReader(
            task.path, task.keyframes, mode=task.mode, progress=progress.report, growing=growing
        ) as keyframes,
    ):
        if not _send_keyframes(connection, keyframes):
            return None
        wire.send(connection, growing.finished())
        return wire.Finished(keyframes.position_s, keyframes.damaged)


def _send_keyframes(connection: Connection, keyframes: KeyframeReader) -> bool:
    """Send what the file is, and all that is found in it; return whether the service wanted it."""
    wire.send(connection, wire.Probed(keyframes.info))  # reading begins with a probe: one is enough
    if connection.recv_bytes(len(wire.GO_ON)) != wire.GO_ON:
        return False
    borders = keyframes.find_borders()
    if borders is not None:
        wire.send(connection, wire.FoundBorders(borders))
    for keyframe in keyframes:
        wire.send(connection, wire.FoundKeyframe(keyframe))
    return True


def _read(connection: Connection, scenes: SceneTask) -> wire.Finished:
    for frames in read_scene_frames(scenes):
        wire.send(connection, wire.FoundScene(frames))
    return wire.Finished(scenes.scene_ends_s[-1], 0)


def _read_clip(connection: Connection, path: Path, clip: ClipTask) -> wire.Finished:
    if clip.cut_near_s is not None:
        wire.send(connection, wire.FoundCut(cut_near(path, clip.cut_near_s)))
        return wire.Finished(clip.cut_near_s, 0)
    with open_clip(path, _ProgressMessages(connection).report) as opened:
        wire.send(connection, wire.Probed(opened.info))
        for frame in opened.frames:
            wire.send(connection, wire.FoundFrame(frame))
    return wire.Finished(opened.info.duration_s or 0.0, 0)


def _write(connection: Connection, path: Path, excerpt: Excerpt) -> wire.Finished:
    progress = _ProgressMessages(connection)
    write_excerpt(path, excerpt, lambda position_s: progress.report(position_s, 0))
    return wire.Finished(excerpt.end_s, 0)


class _ProgressMessages:
    """Progress messages to the service, at most one every `PROGRESS_INTERVAL_S`."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._last_sent = connection, time.monotonic()
        self._last = (0.0, 0)

    def repeat(self) -> None:
        self.report(*self._last)

    def report(self, position_s: float, damaged: int) -> None:
        self._last = (position_s, damaged)
        if time.monotonic() - self._last_sent >= PROGRESS_INTERVAL_S:
            wire.send(self._connection, wire.DecodeProgress(position_s, damaged))
            self._last_sent = time.monotonic()


def _memory_refused(task: DecodeTask) -> DecodeMemory:
    return DecodeMemory(
        f"wanted far more memory to decode than decode.memory_mb = {task.memory_mb}", path=task.path
    )


def _signature(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _restrain(task: DecodeTask) -> SandboxReport:
    """Make this process die with the service, yield to others, stay small, and reach its one file alone."""
    become_child(DECODE_PROCESS_NAME)
    os.nice(task.nice)
    cv2.setNumThreads(1)
    target = None if task.excerpt is None else task.excerpt.target
    if target is not None:
        target.touch()  # in the sandbox no file can be made
    return confine(SandboxRules(HARD_MEMORY_FACTOR * task.memory_mb, file=task.path, target=target))
