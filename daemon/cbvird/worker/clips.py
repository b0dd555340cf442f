"""Clips that are asked with, decoded in a worker process: strangers make them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbvir_core.errors import DamagedVideo, DecodeCrashed, DecodeTimeout, ServiceStopping
from cbvir_core.keyframes import ClipFrames, KeyframeOptions
from cbvird.worker.process import ClipTask, DecodeTask
from cbvird.worker.supervisor import DecodeStopped, DecodeWorker

CLIP_NICE = 0
"""A person waits for the answer."""


class ClipWorker:
    """Takes the place of the functions of `cbvir_core.keyframes.ClipDecoding`: a process for each reading."""

    def __init__(self, *, timeout_s: float, memory_mb: int, stop: threading.Event) -> None:
        self._timeout_s, self._memory_mb, self._stop = timeout_s, memory_mb, stop

    @contextmanager
    def open(self, path: Path) -> Iterator[ClipFrames]:
        """Open a clip; its process ends with the block.

        Raises what `cbvir_core.keyframes.open_clip` raises, DamagedVideo too where the clip ends its process
        or holds it up; ServiceStopping.
        """
        with self._working(path, ClipTask()) as worker:
            yield ClipFrames(worker.probe(), worker.frames())

    def cut_near(self, path: Path, time_s: float) -> float | None:
        """Return what `cbvir_core.keyframes.cut_near` does; raises as `open`."""
        with self._working(path, ClipTask(cut_near_s=time_s)) as worker:
            return worker.cut()

    @contextmanager
    def _working(self, path: Path, clip: ClipTask) -> Iterator[DecodeWorker]:
        task = DecodeTask(path, "auto", KeyframeOptions(), self._memory_mb, nice=CLIP_NICE, clip=clip)
        with DecodeWorker(task, timeout_s=self._timeout_s, stop=self._stop) as worker:
            try:
                yield worker
            except DecodeStopped:
                raise ServiceStopping("the service is stopping; ask again when it runs") from None
            except (DecodeCrashed, DecodeTimeout) as error:
                raise DamagedVideo(error.message, path=path) from error
