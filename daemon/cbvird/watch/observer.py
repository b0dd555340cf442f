"""watchdog on one folder, with its silent failures made visible.

A handler that raises ends watchdog's dispatching thread without a message.  A watch that cannot be set below
the folder is left out silently.  A full event queue of the kernel is only logged.  These three are reported
here: as `Observation.healthy`, `Observation.limit_reached` and `ChangeSink.lost_track`.
"""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import structlog
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyObserver
from watchdog.observers.polling import PollingObserverVFS

from cbvird.watch.file_events import WatchKind

_FOLDER_EVENTS: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]
_FILE_EVENTS: list[type[FileSystemEvent]] = [FileCreatedEvent, FileDeletedEvent, FileMovedEvent]
INOTIFY_EVENTS = [*_FOLDER_EVENTS, *_FILE_EVENTS, FileClosedEvent]
"""Without writes (a copy would send thousands) and opening (decoding a file would send an event of it)."""

POLLING_EVENTS = [*_FOLDER_EVENTS, *_FILE_EVENTS, FileModifiedEvent]

THREAD_JOIN_S = 5.0
"""Seconds that a thread may take to end; one that hangs in a dead network share is left behind."""

# A folder made while its parent's new watch is set up is watched twice, which does no harm.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

_SYSCTL = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}
_OVERFLOW_LOGGER = logging.getLogger("watchdog.observers.inotify_c")

LOG = structlog.get_logger(__name__)


class ChangeSink(Protocol):
    """The receiver of changes.  Called from watchdog's thread; paths lie below the folder as it was given."""

    def appeared(self, path: Path) -> None:
        """Take a file that was made, written, or moved in."""

    def vanished(self, path: Path) -> None:
        """Take a file that was deleted or moved out."""

    def renamed(self, source: Path, target: Path) -> None:
        """Take the new name of a file."""

    def folder_changed(self, folder: Path) -> None:
        """Take a folder inside that came or went; there may be no events of its files."""

    def lost_track(self) -> None:
        """Take notice that events were lost: only a scan can tell what happened."""


class WatchLimit(Exception):
    """The kernel gives no more inotify watches or instances; the message is the name of the sysctl.

    It never leaves this package: the folder is polled or rescanned instead.
    """


class Observation:
    """watchdog watching one folder, from construction until `close`.

    Raises WatchLimit where inotify is exhausted, OSError where the folder cannot be watched.
    """

    def __init__(self, folder: Path, sink: ChangeSink, *, recursive: bool, poll_s: float | None) -> None:
        self.kind: WatchKind = "inotify" if poll_s is None else "polling"
        self._handler = _Handler(folder, folder.resolve(), sink)
        self._overflow = _OverflowListener(sink)
        self._observer: BaseObserver | None = None
        try:
            self._observer = InotifyObserver() if poll_s is None else _poller(poll_s)
            events = INOTIFY_EVENTS if poll_s is None else POLLING_EVENTS
            # the real path: of a link, inotify would watch the link itself and not the folder behind it
            self._observer.schedule(
                self._handler, str(folder.resolve()), recursive=recursive, event_filter=events
            )
            self._observer.start()
        except OSError as error:
            self.close()
            raise _as_limit(error) from error
        if poll_s is None:
            _OVERFLOW_LOGGER.addHandler(self._overflow)

    def close(self) -> None:
        """End watchdog's threads."""
        _OVERFLOW_LOGGER.removeHandler(self._overflow)
        if self._observer is None:
            return
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(THREAD_JOIN_S)

    def healthy(self) -> bool:
        """Return whether every thread that events pass through is alive."""
        if self._observer is None:
            return False
        reader = getattr(self._observer, "_inotify_fd", self._observer)
        threads = [self._observer, reader, *self._observer.emitters]
        return all(thread.is_alive() for thread in threads)

    def limit_reached(self) -> WatchLimit | None:
        """Return the limit that keeps the kernel from watching one more folder, found out by trying it.

        watchdog does not report folders inside that it could not watch.
        """
        if self.kind != "inotify" or self._observer is None:
            return None
        try:
            trial = self._observer.schedule(FileSystemEventHandler(), "/", event_filter=[DirDeletedEvent])
        except OSError as error:
            limit = _as_limit(error)
            return limit if isinstance(limit, WatchLimit) else None
        self._observer.unschedule(trial)
        return None


class _Handler(FileSystemEventHandler):
    """The translation of watchdog's events into calls of the sink; it never raises."""

    def __init__(self, folder: Path, real: Path, sink: ChangeSink) -> None:
        self._folder = folder
        self._real = real
        self._sink = sink

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            self._pass_on(event)
        except Exception:
            LOG.exception("event of a file could not be handled", path=os.fsdecode(event.src_path))
            self._sink.lost_track()

    def _pass_on(self, event: FileSystemEvent) -> None:
        source = self._below(event.src_path)
        if isinstance(event, DirMovedEvent):
            self._sink.folder_changed(self._below(event.dest_path))
        elif event.is_directory:
            self._sink.folder_changed(source)
        elif isinstance(event, FileMovedEvent):
            self._sink.renamed(source, self._below(event.dest_path))
        elif isinstance(event, FileDeletedEvent):
            self._sink.vanished(source)
        else:
            self._sink.appeared(source)

    def _below(self, path: bytes | str) -> Path:
        return self._folder / Path(os.fsdecode(path)).relative_to(self._real)


class _OverflowListener(logging.Handler):
    """A log handler: watchdog reports an overflow of the kernel's queue in its log and nowhere else."""

    def __init__(self, sink: ChangeSink) -> None:
        super().__init__(logging.WARNING)
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._sink.lost_track()


def _poller(poll_s: float) -> BaseObserver:
    return PollingObserverVFS(stat=os.stat, listdir=_without_linked_folders, polling_interval=poll_s)


def _without_linked_folders(folder: str | None) -> Iterator[os.DirEntry[str]]:
    """List a folder for polling, without links to folders: one to a folder above would never end."""
    with os.scandir(folder) as entries:
        kept = [entry for entry in entries if not (entry.is_symlink() and entry.is_dir())]
    return iter(kept)


def _as_limit(error: OSError) -> Exception:
    sysctl = _SYSCTL.get(error.errno or 0)
    return WatchLimit(sysctl) if sysctl else error
