"""Doing a job: decode its file in a worker, write what is found to the library, report how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cbvir_core.decode import FinishedFile
from cbvir_core.errors import CbvirError, DamagedVideo, NotAVideo, StoreError
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.library import Library
from cbvir_core.types import VideoId, VideoInfo
from cbvird.config import DecodeSettings
from cbvird.ingest.job_rows import Job
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.writer import VideoSink, Writer
from cbvird.runtime.event_bus import EventBus, FileProgress
from cbvird.watch.scan import is_gone
from cbvird.worker import wire
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeStopped, DecodeWorker

LOG = structlog.get_logger(__name__)

JOB_POLL_S = 0.5
"""Seconds between two looks of an idle thread for a job that has become due."""

NETWORK_POLL_S = 0.2
"""Seconds after which a thread that waits for the network checks whether the service stops."""


class Claims:
    """The content that is being read, and the other files with the same content that wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[VideoId, list[Path]] = {}

    def take(self, video_id: VideoId, path: Path) -> bool:
        """Return whether `path` may be read; if not, `release` of its content will name it."""
        with self._lock:
            if video_id in self._waiting:
                self._waiting[video_id].append(path)
                return False
            self._waiting[video_id] = []
            return True

    def release(self, video_id: VideoId) -> list[Path]:
        """End the reading of this content, and return the files that waited for it."""
        with self._lock:
            return self._waiting.pop(video_id)


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What all threads that do jobs of one library share.

    `is_online` says whether the disk that a path lies on is there.  `date` is the clock of the jobs, in
    seconds since the epoch.
    """

    library: Library
    jobs: Jobs
    writer: Writer
    event_bus: EventBus
    decode: DecodeSettings
    keyframes: KeyframeOptions
    is_online: Callable[[Path], bool] = lambda path: True
    date: Callable[[], float] = time.time
    claims: Claims = field(default_factory=Claims)


class Ingest:
    """Threads that do jobs.  `run` is the body of as many threads as files are decoded at once.

    Each thread owns at most one worker process.
    """

    def __init__(self, parts: IngestParts) -> None:
        self._parts = parts

    def run(self, stop: threading.Event) -> None:
        """Do jobs until `stop` is set; the first one begins when the network is loaded."""
        # Otherwise the first videos would wait for the network, and count as slowly decoded.
        while not stop.is_set() and not self._parts.writer.loaded.wait(NETWORK_POLL_S):
            pass
        while not stop.is_set():
            job = self._next()
            if job is None:
                stop.wait(JOB_POLL_S)
            else:
                self._do(job, stop)

    def _next(self) -> Job | None:
        return self._parts.jobs.next(self._parts.date())

    def _task(self, job: Job) -> DecodeTask:
        return DecodeTask(
            job.path, self._parts.decode.mode, self._parts.keyframes, self._parts.decode.memory_mb
        )

    def _do(self, job: Job, stop: threading.Event) -> None:
        log = LOG.bind(path=str(job.path))
        started = time.monotonic()
        self._publish(job.path, "working")
        try:
            video_id = self._take_in(job, stop)
        except DecodeStopped:
            self._parts.jobs.release(job.path)
        except CbvirError as error:
            self._fail(job.path, error)
        else:
            if video_id is not None:
                log.info("ingest done", video=video_id, took_s=round(time.monotonic() - started, 2))
                self._done(job.path, video_id)

    def _done(self, path: Path, video_id: VideoId) -> None:
        if self._parts.jobs.done(path, video_id) is not None:  # else it is gone, or has another name
            self._publish(path, "indexed", video_id=video_id)

    def _fail(self, path: Path, error: CbvirError) -> None:
        LOG.warning("ingest failed", path=str(path), code=error.code, reason=str(error))
        if isinstance(error, NotAVideo | DamagedVideo):
            with suppress(StoreError):  # the disk is full: the old content stays in the list for a while
                self._parts.library.drop_path(path)
        self._parts.jobs.failed(path, error, self._parts.date())
        self._publish(path, "failed", code=error.code, message=str(error))

    def _take_in(self, job: Job, stop: threading.Event) -> VideoId | None:
        """Make the content of the file searchable, and return its id.

        Return None where another thread reads the same content: the job is released when that is over.
        """
        task = self._task(job)
        with (
            self._parts.event_bus.working(job.path, at_full_speed=task.quiet_s is None) as progress,
            DecodeWorker(task, timeout_s=self._parts.decode.timeout_s, stop=stop) as worker,
        ):
            info = worker.probe()
            progress.video_id, progress.duration_s = info.video_id, info.duration_s
            progress.size_bytes = info.size_bytes
            self._drop_old_content(job.path, info.video_id)
            if not self._parts.claims.take(info.video_id, job.path):
                return None
            try:
                return self._read(worker, info, progress)
            finally:
                self._release(info.video_id)

    def _release(self, video_id: VideoId) -> None:
        for twin in self._parts.claims.release(video_id):
            self._parts.jobs.release(twin)

    def _read(self, worker: DecodeWorker, info: VideoInfo, progress: FileProgress) -> VideoId | None:
        """Store what the file shows; return the id of its content as `_take_in` does."""
        self._parts.library.begin(info)  # content that is known already only gets another path
        record = self._parts.library.video(info.video_id)
        if record is not None and record.complete:
            self._forget_moved(info)
            return info.video_id
        self._store_found(worker, info.video_id, progress)
        decoded_s = None if info.duration_s else progress.position_s
        self._parts.library.finish(info.video_id, damaged=progress.damaged, duration_s=decoded_s)
        return info.video_id

    def _store_found(
        self, worker: DecodeWorker, video_id: VideoId, progress: FileProgress
    ) -> FinishedFile | None:
        """Store all that the worker finds; return what a file that grew is in the end."""
        sink = VideoSink(video_id)
        try:
            return self._follow(worker, sink, progress)
        finally:
            # Also after a failed try: nothing of it may be written after the next try has begun.
            self._parts.writer.drain(sink)

    def _follow(self, worker: DecodeWorker, sink: VideoSink, progress: FileProgress) -> FinishedFile | None:
        """Hand what the worker finds to the writer and the library until the worker has finished.

        Return what a file that grew is in the end.
        """
        finished: FinishedFile | None = None
        for message in worker.messages():
            if isinstance(message, wire.FoundKeyframe):
                self._parts.writer.put(sink, message.keyframe)
                progress.keyframes += 1
                progress.position_s = max(progress.position_s, message.keyframe.scene_end_s)
            elif isinstance(message, wire.FoundBorders):
                self._parts.library.put_borders(sink.video_id, message.borders)
            elif isinstance(message, FinishedFile):
                finished = message
            else:
                progress.position_s, progress.damaged = message.position_s, message.damaged
                self._publish_progress(progress)
        return finished

    def _drop_old_content(self, path: Path, video_id: VideoId) -> None:
        """Remove the path from the video that the file held before it was written anew."""
        before = self._parts.library.video_at(path)
        if before is not None and before.video_id != video_id:
            self._parts.library.drop_path(path)

    def _forget_moved(self, info: VideoInfo) -> None:
        """Remove those other paths of the content that are gone: the file was renamed or moved."""
        record = self._parts.library.video(info.video_id)
        for path in record.paths if record else ():
            if path != info.path and is_gone(path) and self._parts.is_online(path):
                self._parts.library.remove_path(info.video_id, path)
                self._parts.jobs.forget(path)

    def _publish_progress(self, progress: FileProgress) -> None:
        self._parts.event_bus.publish(
            "progress",
            path=str(progress.path),
            video_id=progress.video_id,
            position_s=progress.position_s,
            per_cent=progress.per_cent,
            eta_s=progress.eta_s(time.monotonic()),
            keyframes=progress.keyframes,
        )

    def _publish(self, path: Path, state: str, **more: object) -> None:
        self._parts.event_bus.publish("video", path=str(path), state=state, **more)
