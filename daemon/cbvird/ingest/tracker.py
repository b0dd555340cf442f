"""The one way in for files: events, the start-up scan and rescans all end here and become jobs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from cbvir_core.decode import container_complete
from cbvir_core.errors import FileUnreadable, StoreError
from cbvir_core.library import Library
from cbvird.config.sections import WatchSettings
from cbvird.ingest.job_rows import State
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.move_path import move_path
from cbvird.ingest.settle import Settler
from cbvird.runtime.events import EventBus
from cbvird.watch import Event, Gone, Moved, RootStatus, Seen, Watcher
from cbvird.watch.scan import is_gone

LOG = structlog.get_logger(__name__)

TICK_S = 0.2
"""How long the tracker waits for an event before it looks at the clock."""

LOOK_S = 1.0
"""How often files that still settle are looked at, in seconds."""

FORGET = 24
"""A deleted file's knowledge is kept for this many times `settle_s` (two minutes by default), so that
a move by way of an unwatched folder, or a program that writes anew and renames, costs nothing."""


class Tracker:
    """Turns what the watcher tells into jobs, and deleted files into knowledge to forget.

    Everything happens in the thread whose body is `run`, which also owns the watcher; the other
    methods may be called from anywhere.  What is waited for goes by `clock`, which nobody sets back; jobs,
    which outlive the process, by `date`.
    """

    def __init__(
        self,
        settings: WatchSettings,
        library: Library,
        jobs: Jobs,
        board: EventBus,
        *,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._library, self._jobs, self._board = library, jobs, board
        self._clock, self._date = clock, date
        self._settle_s = settings.settle_s
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._settler = Settler(settings.settle_s, complete=container_complete)
        self._settling: tuple[Path, ...] = ()
        self._gone: dict[Path, float] = {}
        self._looked_at = 0.0
        self._lock = threading.Lock()
        self._told = self._read = 0
        self._watcher = Watcher(settings, self._hear, known=self._known)

    # --- for everybody ---------------------------------------------------------------------------

    def rescan(self) -> None:
        """Look at every watched folder now."""
        self._watcher.rescan()

    @property
    def scanning(self) -> bool:
        """Whether files may still turn up: a scan that was asked for is not over, or events are unread."""
        return not self._watcher.scanned or self._read != self._told

    def settling(self) -> tuple[Path, ...]:
        """Files that may still be growing."""
        return self._settling

    def is_there(self, path: Path) -> bool:
        """Whether a known file is within reach: neither deleted nor on a disk that is away."""
        return path not in self._gone and self._watcher.is_online(path)

    def roots(self) -> list[RootStatus]:
        """The watched folders and how they stand."""
        return self._watcher.roots()

    # --- the thread ------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Track until `stop` is set."""
        self._forget_pathless()
        with self._watcher:
            while not stop.is_set():
                self._read_events()
                self._pass(self._clock())
                if not self._watcher.is_alive():
                    raise RuntimeError("a folder's watching thread died")

    def _hear(self, event: Event) -> None:
        """Called by the watcher's threads."""
        with self._lock:
            self._told += 1
        self._events.put(event)

    def _read_events(self) -> None:
        """Take in what was told meanwhile; returns after `TICK_S` when nothing is."""
        taken = 0
        try:
            self._take(self._events.get(timeout=TICK_S))
            taken += 1
            while True:
                self._take(self._events.get_nowait())
                taken += 1
        except queue.Empty:
            pass
        self._settling = tuple(self._settler.waiting())
        self._read += taken

    def _take(self, event: Event) -> None:
        now = self._clock()
        if isinstance(event, Seen):
            self._look(event.path, now)
        elif isinstance(event, Gone):
            self._settler.gone(event.path)
            self._gone.setdefault(event.path, now)
        else:
            self._move(event, now)

    def _look(self, path: Path, now: float) -> None:
        try:
            status = path.stat()
        except OSError:
            self._settler.gone(path)  # if it was known, the watcher tells so
            return
        self._gone.pop(path, None)
        if not self._jobs.known(path, status.st_size, status.st_mtime_ns):
            self._settler.saw(path, status.st_size, status.st_mtime_ns, now)
            return
        self._settler.gone(path)  # what it grew from is not waited for
        job = self._jobs.get(path)
        if job is not None and job.state is State.FAILED and job.code == FileUnreadable.code:
            self._jobs.retry(path)  # its disk is back

    def _move(self, event: Moved, now: float) -> None:
        self._settler.moved(event.source, event.target)
        try:
            move_path(self._library, event.source, event.target)
        except StoreError as error:  # no room: then it is a file that went, and another that came
            LOG.warning("rename cannot be written down", path=str(event.target), reason=str(error))
            self._gone.setdefault(event.source, now)
            self._look(event.target, now)
            return
        self._jobs.moved(event.source, event.target, self._date())
        self._gone.pop(event.source, None)
        self._board.publish("video", path=str(event.target), moved_from=str(event.source))
        self._look(event.target, now)

    def _pass(self, now: float) -> None:
        """What time brings: files that have settled, files that stayed away."""
        if now - self._looked_at >= min(LOOK_S, self._settle_s):
            self._looked_at = now
            for path in self._settler.waiting():
                self._look(path, now)
            for path, since in list(self._gone.items()):
                self._review(path, now - since)
        for path in self._settler.due(now):
            self._offer(path)
        self._settling = tuple(self._settler.waiting())

    def _review(self, path: Path, gone_s: float) -> None:
        if not is_gone(path):
            self._look(path, self._clock())
        elif gone_s >= FORGET * self._settle_s and self._watcher.is_online(path):
            self._forget(path)

    def _forget(self, path: Path) -> None:
        try:
            self._library.store.drop_path(path)
        except StoreError as error:  # no room: it is tried again at the next look
            LOG.warning("deleted file cannot be forgotten yet", path=str(path), reason=str(error))
            return
        LOG.info("file was deleted, it is forgotten", path=str(path))
        self._jobs.forget(path)
        del self._gone[path]
        self._board.publish("video", path=str(path), state="forgotten")

    def _offer(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError:
            return  # gone again
        job = self._jobs.offer(path, status.st_size, status.st_mtime_ns, self._date())
        self._board.publish("video", path=str(path), state=job.state.value)

    def _forget_pathless(self) -> None:
        """Videos whose last path went just before a crash, and jobs whose video was lost."""
        for record in self._library.store.videos():
            if not record.paths:
                with suppress(StoreError):  # no room: the next start tries again
                    self._library.remove(record.video_id)
        for job in self._jobs.all():
            if job.state is State.DONE and self._library.store.video_at(job.path) is None:
                self._jobs.forget(job.path)  # the scan offers the file again

    def _known(self) -> set[Path]:
        stored = {path for record in self._library.store.videos() for path in record.paths}
        return stored | {job.path for job in self._jobs.all()}
