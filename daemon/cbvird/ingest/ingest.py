"""One job from file to searchable video: a decode worker, the store, and what to say when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from cbvir_core.decode import Mode
from cbvir_core.errors import CbvirError, DamagedVideo, NotAVideo, StoreError
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.library import Library
from cbvir_core.types import VideoId, VideoInfo
from cbvird.ingest.job_rows import Job
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.writer import Sink, Writer
from cbvird.runtime.events import Current, EventBus
from cbvird.watch.scan import is_gone
from cbvird.worker import wire
from cbvird.worker.process import Task
from cbvird.worker.supervisor import Decoder, Stopped

LOG = structlog.get_logger(__name__)

IDLE_S = 0.5
"""How often an idle thread looks for a job that has become due."""

LOADING_S = 0.2
"""How often a thread that waits for the network looks whether the service stops."""


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How files are taken apart."""

    mode: Mode
    timeout_s: float
    memory_mb: int
    keyframes: KeyframeOptions


class Ingest:
    """Takes jobs and does them.  `run` is the body of as many threads as files are decoded at once.

    Each thread owns at most one worker process.
    """

    def __init__(
        self,
        library: Library,
        jobs: Jobs,
        writer: Writer,
        board: EventBus,
        options: DecodeOptions,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._library, self._jobs, self._writer, self._board = library, jobs, writer, board
        self._options = options
        self._clock = clock
        self._claims = Claims()

    def run(self, stop: threading.Event) -> None:
        """Do jobs until `stop` is set; the first begins when the network is loaded."""
        # A video that waited for the network would be timed as slow.
        while not stop.is_set() and not self._writer.loaded.wait(LOADING_S):
            pass
        while not stop.is_set():
            job = self._jobs.next(self._clock())
            if job is None:
                stop.wait(IDLE_S)
            else:
                self._do(job, stop)

    def _do(self, job: Job, stop: threading.Event) -> None:
        log = LOG.bind(path=str(job.path))
        started = time.monotonic()
        self._tell(job.path, "working")
        try:
            video_id = self._take_in(job, stop)
        except Stopped:
            self._jobs.release(job.path)
        except CbvirError as error:
            log.warning("ingest failed", code=error.code, reason=str(error))
            self._fail(job.path, error)
        else:
            if video_id is not None:
                self._jobs.done(job.path, video_id)
                log.info("ingest done", video=video_id, took_s=round(time.monotonic() - started, 2))
                self._tell(job.path, "indexed", video_id=video_id)

    def _fail(self, path: Path, error: CbvirError) -> None:
        if isinstance(error, NotAVideo | DamagedVideo):
            with suppress(StoreError):  # no room: what was there before stays in the list a while
                self._library.store.drop_path(path)
        self._jobs.failed(path, error, self._clock())
        self._tell(path, "failed", code=error.code, message=str(error))

    def _take_in(self, job: Job, stop: threading.Event) -> VideoId | None:
        """Make the file's content searchable; None where another thread is reading the same content."""
        task = Task(job.path, self._options.mode, self._options.keyframes, self._options.memory_mb)
        with (
            self._board.working(job.path) as current,
            Decoder(task, timeout_s=self._options.timeout_s, stop=stop) as decoder,
        ):
            info = decoder.probe()
            current.video_id, current.duration_s = info.video_id, info.duration_s
            current.size_bytes = info.size_bytes
            self._drop_old_content(job.path, info.video_id)
            if not self._claims.take(info.video_id, job.path):
                return None
            try:
                self._read(decoder, info, current)
            finally:
                for twin in self._claims.release(info.video_id):
                    self._jobs.release(twin)
        return info.video_id

    def _read(self, decoder: Decoder, info: VideoInfo, current: Current) -> None:
        self._library.begin(info)  # known content only gains a path
        record = self._library.store.video(info.video_id)
        if record is not None and record.complete:
            self._forget_moved(info)
            return
        sink = Sink(info.video_id)
        try:
            self._follow(decoder, sink, current)
        finally:
            # Of a try that failed too: nothing of it may be written after the next one has begun.
            self._writer.drain(sink)
        seen_s = None if info.duration_s else current.position_s
        self._library.finish(info.video_id, damaged=current.damaged, duration_s=seen_s)

    def _follow(self, decoder: Decoder, sink: Sink, current: Current) -> None:
        """Hand on what the worker finds until it is through."""
        for message in decoder.messages():
            if isinstance(message, wire.Found):
                self._writer.put(sink, message.keyframe)
                current.keyframes += 1
                current.position_s = max(current.position_s, message.keyframe.scene_end_s)
            elif isinstance(message, wire.Framed):
                self._library.put_borders(sink.video_id, message.borders)
            else:
                current.position_s, current.damaged = message.position_s, message.damaged
                self._progress(current)

    def _drop_old_content(self, path: Path, video_id: VideoId) -> None:
        """A file that was written anew is no longer a copy of what it was."""
        old = self._library.store.video_at(path)
        if old is not None and old.video_id != video_id:
            self._library.store.drop_path(path)

    def _forget_moved(self, info: VideoInfo) -> None:
        """Known content at a new path: an old path that is gone has been renamed or moved."""
        record = self._library.store.video(info.video_id)
        for path in record.paths if record else ():
            if path != info.path and is_gone(path):
                self._library.store.remove_path(info.video_id, path)
                self._jobs.forget(path)

    def _progress(self, current: Current) -> None:
        self._board.publish(
            "progress",
            path=str(current.path),
            video_id=current.video_id,
            position_s=current.position_s,
            per_cent=current.per_cent,
            eta_s=current.eta_s(time.monotonic()),
            keyframes=current.keyframes,
        )

    def _tell(self, path: Path, state: str, **more: object) -> None:
        self._board.publish("video", path=str(path), state=state, **more)


class Claims:
    """Which content is being read, and the other files with the same content that wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[VideoId, list[Path]] = {}

    def take(self, video_id: VideoId, path: Path) -> bool:
        """Whether `path` may be read; if not, it is named when the content is released."""
        with self._lock:
            if video_id in self._waiting:
                self._waiting[video_id].append(path)
                return False
            self._waiting[video_id] = []
            return True

    def release(self, video_id: VideoId) -> list[Path]:
        """The content has been read, or not; the files that waited for it."""
        with self._lock:
            return self._waiting.pop(video_id)
