"""The one way in for files: events, the scan at the start and rescans all come here and become jobs."""

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
from cbvird.config import WatchSettings
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.settle import Settler
from cbvird.runtime.event_bus import EventBus
from cbvird.watch import FileEvent, FileGone, FileMoved, FileSeen, RootStatus, Watcher
from cbvird.watch.scan import PathFilter, is_gone

LOG = structlog.get_logger(__name__)

EVENT_WAIT_S = 0.2
"""Seconds that the tracker waits for an event before it looks at the clock."""

SETTLING_CHECK_S = 1.0
"""Seconds between two looks at the files that still settle."""

FORGET_AFTER_SETTLES = 24
"""What is known of a deleted file is kept for this many times `settle_s` (two minutes by default).  So a
move by way of an unwatched folder, or a program that writes a new file and renames it, costs nothing."""


class Tracker:
    """The watcher's events made into jobs; forgets the files that stay deleted.

    All work is done in the thread whose body is `run`, which also owns the watcher.  The other methods may be
    called from any thread.  Waiting times are measured by `clock`, which is never set back.  The times of
    jobs, which outlive the process, are those of `date`.
    """

    def __init__(
        self,
        settings: WatchSettings,
        library: Library,
        jobs: Jobs,
        event_bus: EventBus,
        *,
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._library, self._jobs, self._event_bus = library, jobs, event_bus
        self._clock, self._date = clock, date
        self._settle_s = settings.settle_s
        self._events: queue.SimpleQueue[FileEvent] = queue.SimpleQueue()
        self._settler = Settler(settings.settle_s, complete=container_complete, grows=self._grows)
        self._names, self._folders = PathFilter(settings), settings.folders
        self._growing = bool(settings.growing)
        self._refused: set[Path] = set()
        self._settling: tuple[Path, ...] = ()
        self._gone: dict[Path, float] = {}
        self._last_check = 0.0
        self._root_states: dict[Path, str] = {}
        self._lock = threading.Lock()
        self._events_received = self._events_handled = 0
        self._watcher = Watcher(settings, self._receive, known=self._known_paths)

    # --- for every thread ---------------------------------------------------------------------------

    def rescan(self) -> None:
        """Scan every watched folder now."""
        self._watcher.rescan()

    @property
    def growing_quiet_s(self) -> float:
        """Seconds without change after which a file that is taken in while it grows has ended."""
        return self._settler.grace_s

    def refuse_growing(self, path: Path) -> None:
        """Take a file that cannot be read while it grows as one like any other, once it has settled."""
        self._refused.add(path)
        self._receive(FileSeen(path))

    @property
    def scanning(self) -> bool:
        """Whether files may still turn up: a requested scan is not over, or events are not handled yet."""
        return not self._watcher.scanned or self._events_handled != self._events_received

    def settling(self) -> tuple[Path, ...]:
        """Return the files that may still be growing."""
        return self._settling

    def is_online(self, path: Path) -> bool:
        """Return whether the disk that a path lies on is there; see `Watcher.is_online`."""
        return self._watcher.is_online(path)

    def is_there(self, path: Path) -> bool:
        """Return whether a known file can be read: it is neither deleted nor on a disk that is away."""
        return not (self._gone and path in self._gone) and self._watcher.is_online(path)

    def all_are_there(self) -> bool:
        """Return whether `is_there` is true of every file."""
        return not self._gone and self._watcher.is_whole

    def roots(self) -> list[RootStatus]:
        """Return the state of every watched folder."""
        return self._watcher.roots()

    # --- the tracker's thread ------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Track until `stop` is set."""
        self._forget_pathless()
        with self._watcher:
            while not stop.is_set():
                self._read_events()
                self._check_due(self._clock())
                if not self._watcher.is_alive():
                    raise RuntimeError("a folder's watching thread died")

    def _receive(self, event: FileEvent) -> None:
        """Called by the watcher's threads."""
        with self._lock:
            self._events_received += 1
        self._events.put(event)

    def _read_events(self) -> None:
        """Handle all events that have come; return after `EVENT_WAIT_S` when none comes."""
        handled = 0
        try:
            self._handle(self._events.get(timeout=EVENT_WAIT_S))
            handled += 1
            while True:
                self._handle(self._events.get_nowait())
                handled += 1
        except queue.Empty:
            pass
        self._settling = tuple(self._settler.waiting())
        self._events_handled += handled

    def _handle(self, event: FileEvent) -> None:
        now = self._clock()
        if isinstance(event, FileSeen):
            self._look(event.path, now)
        elif isinstance(event, FileGone):
            self._settler.gone(event.path)
            if event.path not in self._gone:
                self._gone[event.path] = now
                self._publish_known(event.path, "offline")
        else:
            self._move(event, now)

    def _look(self, path: Path, now: float) -> None:
        try:
            status = path.stat()
        except OSError:
            self._settler.gone(path)  # if it was known, the watcher reports it as gone
            return
        if self._gone.pop(path, None) is not None:
            self._publish_known(path, "online")
        job = self._jobs.get(path)
        if self._jobs.is_followed(path):
            self._settler.gone(path)  # whoever reads it sees how it grows
            return
        if not self._jobs.known(path, status.st_size, status.st_mtime_ns):
            before = None if job is None or job.growing else job.size
            self._settler.saw(path, status.st_size, status.st_mtime_ns, now, before=before)
            return
        self._settler.gone(path)  # it is as it was when it was offered: there is nothing to wait for
        if job is not None and job.state is JobState.FAILED and job.code == FileUnreadable.code:
            self._jobs.retry(path)  # its disk is back

    def _move(self, event: FileMoved, now: float) -> None:
        self._settler.moved(event.source, event.target)
        try:
            self._library.move_path(event.source, event.target)
        except StoreError as error:  # the disk is full: treat it as one file gone and another one new
            LOG.warning("rename cannot be written down", path=str(event.target), reason=str(error))
            self._gone.setdefault(event.source, now)
            self._look(event.target, now)
            return
        self._jobs.moved(event.source, event.target, self._date())
        self._gone.pop(event.source, None)
        self._event_bus.publish("video", path=str(event.target), moved_from=str(event.source))
        self._look(event.target, now)

    def _check_due(self, now: float) -> None:
        """Offer the files that have settled, and forget those that stayed away."""
        if now - self._last_check >= min(SETTLING_CHECK_S, self._settle_s):
            self._last_check = now
            self._publish_roots()
            for path in [*self._settler.waiting(), *self._grown_since_they_were_taken()]:
                self._look(path, now)
            for path, since in list(self._gone.items()):
                self._review(path, now - since)
        for path in self._settler.growing():
            if self._jobs.offer_growing(path, self._date()):
                self._event_bus.publish("video", path=str(path), state=JobState.WAITING.value)
        for path in self._settler.due(now):
            self._offer(path)
        self._settling = tuple(self._settler.waiting())

    def _grown_since_they_were_taken(self) -> list[Path]:
        """Return growing files that rested and were taken for finished: appending to one makes no event."""
        unfinished = self._jobs.unfinished() if self._growing else ()
        taken = [job.path for job in unfinished if not job.growing and job.state is not JobState.WAITING]
        return [path for path in taken if self._grows(path) and self._has_changed(path)]

    def _has_changed(self, path: Path) -> bool:
        """Return whether a file is there and not as it was when it was offered."""
        try:
            status = path.stat()
        except OSError:
            return False
        return not self._jobs.known(path, status.st_size, status.st_mtime_ns)

    def _publish_roots(self) -> None:
        """Publish the watched folders that went offline or came back; all that lies in them did too."""
        for root in self._watcher.roots():
            before = self._root_states.get(root.path, root.state)
            self._root_states[root.path] = root.state
            if before != root.state:
                self._event_bus.publish("root", path=str(root.path), state=root.state, reason=root.reason)

    def _publish_known(self, path: Path, state: str) -> None:
        """Publish that a file went offline or came back, if anything is known of it."""
        if self._jobs.get(path) is not None or self._library.video_at(path) is not None:
            self._event_bus.publish("video", path=str(path), state=state)

    def _review(self, path: Path, gone_s: float) -> None:
        if not is_gone(path):
            self._look(path, self._clock())
        elif gone_s >= FORGET_AFTER_SETTLES * self._settle_s and self._watcher.is_online(path):
            self._forget(path)

    def _forget(self, path: Path) -> None:
        try:
            self._library.drop_path(path)
        except StoreError as error:  # the disk is full: the next check tries again
            LOG.warning("deleted file cannot be forgotten yet", path=str(path), reason=str(error))
            return
        LOG.info("file was deleted, it is forgotten", path=str(path))
        self._jobs.forget(path)
        self._refused.discard(path)
        del self._gone[path]
        self._event_bus.publish("video", path=str(path), state="forgotten")

    def _grows(self, path: Path) -> bool:
        """Return whether a file is taken in while it grows."""
        return path not in self._refused and any(self._names.grows(root, path) for root in self._folders)

    def _offer(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError:
            return  # it is gone again
        self._refused.discard(path)  # it rests; when it grows on it may be readable
        job = self._jobs.offer(path, status.st_size, status.st_mtime_ns, self._date())
        self._event_bus.publish("video", path=str(path), state=job.state.value)

    def _forget_pathless(self) -> None:
        """Forget videos whose last path was removed just before a crash, and jobs whose video was lost."""
        for record in self._library.pathless_videos():
            with suppress(StoreError):  # the disk is full: the next start tries again
                self._library.remove(record.video_id)
        done = (job.path for job in self._jobs.all() if job.state is JobState.DONE)
        for path in self._library.paths_without_video(done):
            self._jobs.forget(path)  # the scan offers the file again

    def _known_paths(self) -> set[Path]:
        stored = {path for record in self._library.videos() for path in record.paths}
        return stored | {job.path for job in self._jobs.all()}
