"""Short parts of videos for a browser, each written by a decode worker and kept for a while."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from cbvir_core.decode import Excerpt
from cbvir_core.errors import ServiceStopping
from cbvir_core.files import no_room
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.types import VideoId
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeStopped, DecodeWorker

EXCERPT_NICE = 10
"""Priority of a worker that writes an excerpt: below queries."""

EXCERPTS_MAX_BYTES = 256 << 20
"""Bytes of all excerpts that are kept."""


class ExcerptFiles:
    """Excerpts as files of one folder, each written by a process of its own.  Thread-safe.

    One is written at a time.  Where they are too many, the longest unused ones are deleted.
    """

    def __init__(self, folder: Path, *, timeout_s: float, memory_mb: int, stop: threading.Event) -> None:
        self._folder, self._stop = folder, stop
        self._timeout_s, self._memory_mb = timeout_s, memory_mb
        self._writing = threading.Lock()

    def get(self, video_id: VideoId, path: Path, start_s: float, end_s: float, max_side: int) -> Path:
        """Return the file with a part of a video, which is written now if it is not there.

        Raises what `cbvir_core.decode.write_excerpt` raised in the worker, what ended it, ServiceStopping,
        DiskFull.
        """
        start_ms, end_ms = round(start_s * 1000), round(end_s * 1000)
        target = self._folder / f"{video_id}-{start_ms}-{end_ms}-{max_side}.mp4"
        with self._writing:
            if target.exists():
                target.touch()
            else:
                self._write(path, Excerpt(target, start_ms / 1000, end_ms / 1000, max_side, video_id))
        return target

    def _write(self, path: Path, excerpt: Excerpt) -> None:
        fresh = excerpt.target.with_suffix(".part")
        wanted = replace(excerpt, target=fresh)
        task = DecodeTask(path, "auto", KeyframeOptions(), self._memory_mb, nice=EXCERPT_NICE, excerpt=wanted)
        try:
            with no_room(fresh):
                self._folder.mkdir(parents=True, exist_ok=True)
            with DecodeWorker(task, timeout_s=self._timeout_s, stop=self._stop) as worker:
                worker.finish()
            fresh.replace(excerpt.target)
        except DecodeStopped:
            raise ServiceStopping("the service is stopping; ask again when it runs") from None
        finally:
            fresh.unlink(missing_ok=True)
        self._delete_unused(excerpt.target)

    def _delete_unused(self, kept: Path) -> None:
        """Delete the longest unused files until the others fit."""
        files = sorted(self._folder.glob("*.mp4"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            if total <= EXCERPTS_MAX_BYTES or file == kept:
                return
            total -= file.stat().st_size
            file.unlink(missing_ok=True)
