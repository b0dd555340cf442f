"""Doing the jobs of files that grow: each is read as it is written, and is a video like others at its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog

from cbvir_core.decode import is_growing
from cbvir_core.errors import (
    CbvirError,
    DamagedVideo,
    DecodeCrashed,
    FileChanged,
    NotAVideo,
    StoreError,
)
from cbvir_core.types import VideoId, VideoInfo
from cbvird.ingest.ingest import Ingest, IngestParts
from cbvird.ingest.job_rows import Job
from cbvird.runtime.event_bus import FileProgress
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeWorker

LOG = structlog.get_logger(__name__)

MAX_GROWING_FILES = 8
"""Files that are read while they grow, beside those that are decoded at once: their decoders mostly wait.
Further ones wait for one of these to end, and are taken in as others are where they end before."""


class GrowingIngest(Ingest):
    """Threads that read growing files, beside those of the same `parts` that read finished ones.

    While it grows a video has an id of its file; at the end it gets that of its content, in one transaction.
    A file has ended when nothing has come for `quiet_s` seconds.  `refuse` is told of files that cannot be
    read while they grow.
    """

    def __init__(self, parts: IngestParts, *, quiet_s: float, refuse: Callable[[Path], None]) -> None:
        super().__init__(parts)
        self._quiet_s, self._refuse = quiet_s, refuse

    def _next(self) -> Job | None:
        return self._parts.jobs.next(self._parts.date(), growing=True)

    def _task(self, job: Job) -> DecodeTask:
        return replace(super()._task(job), quiet_s=self._quiet_s)

    def _read(self, worker: DecodeWorker, info: VideoInfo, progress: FileProgress) -> VideoId | None:
        progress.size_bytes = 0  # nobody knows how much is still to come
        if not is_growing(info.video_id):  # a codec that was taken over may say anything
            raise DecodeCrashed("is not decoded: its decode worker named another video", path=info.path)
        self._parts.library.begin(info)
        finished = self._store_found(worker, info.video_id, progress)
        if finished is None:
            raise DecodeCrashed("is not decoded: its decode worker did not say what it is", path=info.path)
        record = self._parts.library.video(info.video_id)
        paths = (info.path,) if record is None else record.paths  # it may have been renamed meanwhile
        for path in paths:
            self._parts.jobs.stopped_growing(path, finished.size_bytes, finished.mtime_ns)
        if not self._parts.claims.take(finished.video_id, info.path):
            # A copy is being read right now; this file waits for it as any other copy does.
            self._parts.library.remove(info.video_id)
            return None
        try:
            self._parts.library.finish_growing(
                info.video_id, finished, damaged=progress.damaged, duration_s=progress.position_s
            )
        finally:
            self._release(finished.video_id)
        for path in paths:
            if path != info.path:
                self._done(path, finished.video_id)
        return finished.video_id

    def _fail(self, path: Path, error: CbvirError) -> None:
        if isinstance(error, FileChanged):  # cut short, or it went on after its end: it is begun anew at once
            LOG.info("growing file is another one now", path=str(path), reason=str(error))
            self._parts.jobs.release(path)
            return
        if not isinstance(error, NotAVideo | DamagedVideo):
            super()._fail(path, error)
            return
        LOG.info("file is taken in when it has stopped growing", path=str(path))
        with suppress(StoreError):  # the disk is full: what was found so far stays in the list for a while
            self._parts.library.drop_path(path)
        self._parts.jobs.forget(path)
        self._refuse(path)
        self._publish(path, "waiting")
