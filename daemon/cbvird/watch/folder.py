"""One watched folder: a thread of its own, so that a network share that hangs holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from cbvird.config.sections import WatchSettings
from cbvird.watch.events import Event, Gone, Moved, RootStatus, Seen
from cbvird.watch.mounts import Mount, read_mounts
from cbvird.watch.observer import JOIN_S, Observation, WatchLimit
from cbvird.watch.presence import Presence
from cbvird.watch.scan import PathFilter, scan

CHECK_S = 5.0
"""How often is looked whether the folder, and what is mounted in it, is still the same."""

CATCH_UP_S = 1.0
"""Events lost: the scan that makes up for them waits this long, so that a storm causes one."""

SECOND_CHANCE_S = 30.0
"""An event that the receiver did not take comes again with a scan after this."""

MANY = 16
"""If more folders than this changed at once, one look at everything costs less."""

log = structlog.get_logger(__name__)


class WatchedFolder:
    """Watches and scans `path` between `start` and `join`; a `cbvird.watch.observer.Sink`.

    While it is offline (see `cbvird.watch.presence`) nothing in it is reported as gone.
    """

    def __init__(
        self,
        path: Path,
        settings: WatchSettings,
        on_event: Callable[[Event], None],
        known: Callable[[], Iterable[Path]],
        *,
        mounts: Callable[[], list[Mount]] = read_mounts,
        check_s: float = CHECK_S,
    ) -> None:
        self.path = path
        self._settings = settings
        self._wanted = PathFilter(settings)
        self._on_event = on_event
        self._known = known
        self._check_s = check_s
        self._presence = Presence(path, mounts)
        self._observation: Observation | None = None
        self._limited = False
        self._files = 0
        self._scan_at = 0.0
        self._asked = 1  # complete looks that were asked for, the first one included
        self._begun = self._done = 0  # which of them the latest one began, and ended, for
        self._changed: set[Path] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    # --- for the owner -------------------------------------------------------------------------

    def start(self) -> None:
        """Begins with a look at everything."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end."""
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        """Waits until the thread has ended, but not for a dead network share."""
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def rescan(self) -> None:
        """Asks for a look at everything now; `scanned` is False until it is over."""
        with self._lock:
            self._asked += 1
            self._scan_at = 0.0
        self._wake.set()

    @property
    def scanned(self) -> bool:
        """Whether every look that was asked for is over; there is none at an offline folder."""
        return self._done >= self._asked

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def status(self) -> RootStatus:
        """How the folder stands."""
        observation, reason = self._observation, self._presence.reason
        watch = observation.kind if observation is not None else "none"
        return RootStatus(self.path, "offline" if reason else "online", watch, self._files, reason)

    def is_online(self, path: Path) -> bool:
        """Whether the disk that `path` lies on is there."""
        return self._presence.is_online(path)

    # --- for the observer ----------------------------------------------------------------------

    def appeared(self, path: Path) -> None:
        """See `Sink`."""
        if self._wanted.wants(self.path, path) and path.is_file():
            self._presence.inhabited(path)
            self._deliver(Seen(path))

    def vanished(self, path: Path) -> None:
        """See `Sink`."""
        if self._wanted.wants(self.path, path):
            self._report_deleted([path])

    def renamed(self, source: Path, target: Path) -> None:
        """See `Sink`."""
        if not self._wanted.wants(self.path, target):
            self.vanished(source)
        elif self._wanted.wants(self.path, source):
            self._deliver(Moved(source, target))
        else:
            self.appeared(target)

    def folder_changed(self, folder: Path) -> None:
        """See `Sink`."""
        if self._wanted.reaches(self.path, folder):
            with self._lock:
                self._changed.add(folder)
            self._wake.set()

    def lost_track(self) -> None:
        """See `Sink`."""
        log.warning("events of files were lost; looking at the whole folder", folder=str(self.path))
        self._ask(CATCH_UP_S)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._look()
            except Exception:
                log.exception("watching failed; trying again", folder=str(self.path))
                self._ask(SECOND_CHANCE_S)
            self._wake.wait(max(0.0, min(self._check_s, self._scan_at - time.monotonic())))
        self._close()

    def _look(self) -> None:
        if self._presence.look() or not self._is_watched():
            self._close()
            self._limited = False
            if self._presence.is_here:
                self._ask(0.0)
                self._observe()
        if self._presence.has_come_alive():
            self._ask(0.0)
        for top in self._take_tops():
            if self._presence.is_here:
                self._scan(top)
        if not self._presence.is_here:
            self._done = self._asked

    def _take_tops(self) -> list[Path]:
        """The folders to look through now: all, those that changed, or none."""
        with self._lock:
            changed, self._changed = sorted(self._changed), set()
            if time.monotonic() < self._scan_at and len(changed) <= MANY:
                return changed
            self._scan_at = time.monotonic() + self._settings.rescan_s
            self._begun = self._asked
            return [self.path]

    def _scan(self, top: Path) -> None:
        found = set()
        for item in scan(self.path, self._wanted, top):
            if self._stopping.is_set():
                return
            found.add(item.path)
            self._presence.inhabited(item.path)
            self._deliver(Seen(item.path))
        if top == self.path:
            self._files = len(found)
        if top == self.path or not top.is_dir():
            self._report_deleted(
                path for path in self._known() if path.is_relative_to(top) and path not in found
            )
        self._heed_limit()
        if top == self.path:
            self._done = self._begun

    def _report_deleted(self, paths: Iterable[Path]) -> None:
        for path in self._presence.deleted(paths):
            self._deliver(Gone(path))

    def _deliver(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            log.error("event was not taken; it comes again", event_of=str(event), error=repr(error))
            self._ask(SECOND_CHANCE_S)

    def _ask(self, delay_s: float) -> None:
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
            log.warning("folder cannot be watched yet", folder=str(self.path), error=str(error))
            return
        log.info("watching", folder=str(self.path), by=self.status().watch)

    def _open(self, poll_s: float | None) -> Observation:
        return Observation(self.path, self, recursive=self._settings.recursive, poll_s=poll_s)

    def _heed_limit(self) -> None:
        limit = self._observation.limit_reached() if self._observation is not None else None
        if limit is not None:
            self._fall_back(limit)

    def _fall_back(self, limit: WatchLimit) -> None:
        """inotify is exhausted: polling if that may be chosen, else what it still tells and rescans."""
        if self._limited:
            return
        self._limited = True
        instead = "polling" if self._settings.polling == "auto" else "rescans"
        log.warning(
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
