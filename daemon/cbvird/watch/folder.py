"""One watched folder, with a thread of its own: a network share that hangs delays no other folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import structlog

from cbvird.config import WatchSettings
from cbvird.watch.file_events import FileEvent, FileGone, FileMoved, FileSeen, RootStatus
from cbvird.watch.mounts import Mount, read_mounts
from cbvird.watch.observer import THREAD_JOIN_S, Observation, WatchLimit
from cbvird.watch.presence import NestedFolder, Presence
from cbvird.watch.scan import PathFilter, scan

PRESENCE_CHECK_S = 5.0
"""Seconds between two checks whether the folder, and what is mounted in it, is still the same."""

LOST_EVENTS_SCAN_DELAY_S = 1.0
"""Seconds from lost events to the scan that makes up for them, so that many losses cause one scan."""

REDELIVERY_DELAY_S = 30.0
"""Seconds until the scan that repeats an event which the receiver did not take."""

MAX_CHANGED_FOLDERS = 16
"""If more folders than this changed at once, a full scan costs less than a scan of each."""

DISK_AWAY = "its disk is not mounted"

LOG = structlog.get_logger(__name__)


class WatchedFolder:
    """One watched folder between `start` and `join`; a `cbvird.watch.observer.ChangeSink`.

    While the folder is offline (see `cbvird.watch.presence`), nothing in it is reported as gone.  Watched
    folders `inside` it have a state of their own, and no thread.
    """

    def __init__(
        self,
        path: Path,
        settings: WatchSettings,
        on_event: Callable[[FileEvent], None],
        known: Callable[[], Iterable[Path]],
        *,
        inside: Iterable[Path] = (),
        mounts: Callable[[], list[Mount]] = read_mounts,
        check_s: float = PRESENCE_CHECK_S,
    ) -> None:
        self.path, self._beginning = path, f"{str(path).rstrip('/')}/"
        self._settings = settings
        self._wanted = PathFilter(settings)
        self._on_event = on_event
        self._known = known
        self._check_s = check_s
        self._presence = Presence(path, mounts)
        self._inside = [NestedFolder(one) for one in inside]
        self._observation: Observation | None = None
        self._limited = False
        self._files = 0
        self._scan_at = 0.0
        self._scans_requested = 1  # full scans, with the first one
        self._scans_begun = self._scans_done = 0  # how many of the requests have been begun, and are done
        self._changed: set[Path] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    # --- for the owner -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, which begins with a full scan."""
        self._thread.start()

    def stop(self) -> None:
        """Request the end of the thread."""
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        """Wait until the thread has ended, but not for a dead network share."""
        if self._thread.is_alive():
            self._thread.join(THREAD_JOIN_S)

    def rescan(self) -> None:
        """Request a full scan now; `scanned` is False until it is over."""
        with self._lock:
            self._scans_requested += 1
            self._scan_at = 0.0
        self._wake.set()

    @property
    def scanned(self) -> bool:
        """Whether every requested scan is over; an offline folder is not scanned."""
        return self._scans_done >= self._scans_requested

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def status(self) -> RootStatus:
        """Return the state of the folder."""
        observation, reason = self._observation, self._presence.reason
        watch = observation.kind if observation is not None else "none"
        return RootStatus(self.path, "offline" if reason else "online", watch, self._files, reason)

    def statuses(self) -> list[RootStatus]:
        """Return the state of the folder, and then of those inside it."""
        own = self.status()
        return [own, *(self._status_inside(own, folder) for folder in self._inside)]

    def _status_inside(self, own: RootStatus, folder: NestedFolder) -> RootStatus:
        reason = own.reason or folder.failure
        if not reason and not self._presence.is_online(folder.path):
            reason = DISK_AWAY
        state: Literal["online", "offline"] = "offline" if reason else "online"
        return replace(own, path=folder.path, state=state, reason=reason, within=self.path)

    @property
    def is_whole(self) -> bool:
        """Whether the folder and every disk in it is there."""
        return self._presence.is_whole

    def is_online(self, path: Path) -> bool:
        """Return whether the disk that `path` lies on is there; one outside of the folder counts as there."""
        # Texts are compared many times quicker than paths, and a list has a hundred thousand of them.
        return not str(path).startswith(self._beginning) or self._presence.is_online(path)

    # --- for the observer ----------------------------------------------------------------------

    def appeared(self, path: Path) -> None:
        """See `ChangeSink`."""
        if self._wanted.wants(self.path, path) and path.is_file():
            self._presence.saw(path)
            self._deliver(FileSeen(path))

    def vanished(self, path: Path) -> None:
        """See `ChangeSink`."""
        if self._wanted.wants(self.path, path):
            self._report_deleted([path])

    def renamed(self, source: Path, target: Path) -> None:
        """See `ChangeSink`."""
        if not self._wanted.wants(self.path, target):
            self.vanished(source)
        elif self._wanted.wants(self.path, source):
            self._deliver(FileMoved(source, target))
        else:
            self.appeared(target)

    def folder_changed(self, folder: Path) -> None:
        """See `ChangeSink`."""
        if self._wanted.reaches(self.path, folder):
            with self._lock:
                self._changed.add(folder)
            self._wake.set()

    def lost_track(self) -> None:
        """See `ChangeSink`."""
        LOG.warning("events of files were lost; the whole folder is scanned", folder=str(self.path))
        self._scan_within(LOST_EVENTS_SCAN_DELAY_S)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._check()
            except Exception:
                LOG.exception("watching failed; trying again", folder=str(self.path))
                self._scan_within(REDELIVERY_DELAY_S)
            self._wake.wait(max(0.0, min(self._check_s, self._scan_at - time.monotonic())))
        self._close()

    def _check(self) -> None:
        for folder in self._inside:
            folder.check()
        if self._presence.check() or not self._is_watched():
            self._close()
            self._limited = False
            if self._presence.is_here:
                self._scan_within(0.0)
                self._observe()
        if self._presence.has_come_back():
            self._scan_within(0.0)
        for top in self._take_tops():
            if self._presence.is_here:
                self._scan(top)
        if not self._presence.is_here:
            self._scans_done = self._scans_requested

    def _take_tops(self) -> list[Path]:
        """Return the folders to scan now: the whole, those that changed, or none."""
        with self._lock:
            changed, self._changed = sorted(self._changed), set()
            if time.monotonic() < self._scan_at and len(changed) <= MAX_CHANGED_FOLDERS:
                return changed
            self._scan_at = time.monotonic() + self._settings.rescan_s
            self._scans_begun = self._scans_requested
            return [self.path]

    def _scan(self, top: Path) -> None:
        scanned = set()
        for file in scan(self.path, self._wanted, top):
            if self._stopping.is_set():
                return
            scanned.add(file.path)
            self._presence.saw(file.path)
            self._deliver(FileSeen(file.path))
        if top == self.path:
            self._files = len(scanned)
        if top == self.path or not top.is_dir():
            self._report_deleted(
                path for path in self._known() if path.is_relative_to(top) and path not in scanned
            )
        self._check_limit()
        if top == self.path:
            self._scans_done = self._scans_begun

    def _report_deleted(self, paths: Iterable[Path]) -> None:
        for path in self._presence.deleted(paths):
            self._deliver(FileGone(path))

    def _deliver(self, event: FileEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            LOG.error("event was not taken; it comes again", event_of=str(event), error=repr(error))
            self._scan_within(REDELIVERY_DELAY_S)

    def _scan_within(self, delay_s: float) -> None:
        with self._lock:
            self._scan_at = min(self._scan_at, time.monotonic() + delay_s)
        self._wake.set()

    # --- inotify or polling --------------------------------------------------------------------

    def _is_watched(self) -> bool:
        if self._observation is None:
            return not self._presence.is_here or (self._limited and self._settings.polling is False)
        return self._observation.healthy()

    def _observe(self) -> None:
        polling = self._presence.is_remote if self._settings.polling == "auto" else self._settings.polling
        try:
            self._observation = self._open(self._settings.poll_s if polling else None)
        except WatchLimit as limit:
            self._fall_back(limit)
        except OSError as error:
            LOG.warning("folder cannot be watched yet", folder=str(self.path), error=str(error))
            return
        LOG.info("watching", folder=str(self.path), by=self.status().watch)

    def _open(self, poll_s: float | None) -> Observation:
        return Observation(self.path, self, recursive=self._settings.recursive, poll_s=poll_s)

    def _check_limit(self) -> None:
        limit = self._observation.limit_reached() if self._observation is not None else None
        if limit is not None:
            self._fall_back(limit)

    def _fall_back(self, limit: WatchLimit) -> None:
        """Poll where inotify is exhausted, if the settings allow it; else use rescans beside inotify."""
        if self._limited:
            return
        self._limited = True
        instead = "polling" if self._settings.polling == "auto" else "rescans"
        LOG.warning(
            f"the kernel's limit {limit} is reached; raise it with sysctl -w {limit}=NUMBER and restart",
            folder=str(self.path),
            instead=instead,
        )
        if instead == "polling":
            self._close()
            self._observation = self._open(self._settings.poll_s)

    def _close(self) -> None:
        observation, self._observation = self._observation, None
        if observation is not None:
            observation.close()
