"""watchdog on one folder, without its traps.

A handler that raises would end watchdog's dispatching thread without a word; a watch that could not
be set below the folder is left out silently; a full event queue of the kernel is only logged.  All
three come out here: as `Sink.lost_track`, `Observation.limit_reached` and `Observation.healthy`.
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

from cbvird.watch.events import WatchKind

_FOLDER_EVENTS: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]
_FILE_EVENTS: list[type[FileSystemEvent]] = [FileCreatedEvent, FileDeletedEvent, FileMovedEvent]
INOTIFY_EVENTS = [*_FOLDER_EVENTS, *_FILE_EVENTS, FileClosedEvent]
"""Not every write (a copy would send thousands), not opening: decoding a file must not announce it."""

POLLING_EVENTS = [*_FOLDER_EVENTS, *_FILE_EVENTS, FileModifiedEvent]

JOIN_S = 5.0
"""How long a thread may take to end; one that hangs in a dead network share is left behind."""

# A folder made while its parent's new watch is set up is watched twice, which does no harm.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

_SYSCTL = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}
_OVERFLOW_LOGGER = logging.getLogger("watchdog.observers.inotify_c")

log = structlog.get_logger(__name__)


class Sink(Protocol):
    """Where changes go.  Called from watchdog's thread; paths are below the folder as it was given."""

    def appeared(self, path: Path) -> None:
        """A file was made, written, or moved in."""

    def vanished(self, path: Path) -> None:
        """A file was deleted or moved out."""

    def renamed(self, source: Path, target: Path) -> None:
        """A file has another name."""

    def folder_changed(self, folder: Path) -> None:
        """A folder inside came or went; its files may not have been told of one by one."""

    def lost_track(self) -> None:
        """Events were lost: only a scan can tell what happened."""


class WatchLimit(Exception):
    """The kernel gives no more inotify watches or instances; the message names the sysctl."""


class Observation:
    """watchdog at work on one folder, from construction until `close`.

    Raises WatchLimit where inotify is exhausted, OSError where the folder cannot be watched.
    """

    def __init__(self, folder: Path, sink: Sink, *, recursive: bool, poll_s: float | None) -> None:
        self.kind: WatchKind = "inotify" if poll_s is None else "polling"
        self._handler = _Handler(folder, folder.resolve(), sink)
        self._overflow = _OverflowListener(sink)
        self._observer: BaseObserver | None = None
        try:
            self._observer = InotifyObserver() if poll_s is None else _poller(poll_s)
            events = INOTIFY_EVENTS if poll_s is None else POLLING_EVENTS
            # the real path: inotify would watch a link itself instead of the folder behind it
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
        """Ends watchdog's threads."""
        _OVERFLOW_LOGGER.removeHandler(self._overflow)
        if self._observer is None:
            return
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(JOIN_S)

    def healthy(self) -> bool:
        """Whether every thread that events pass through is alive."""
        if self._observer is None:
            return False
        reader = getattr(self._observer, "_inotify_fd", self._observer)
        threads = [self._observer, reader, *self._observer.emitters]
        return all(thread.is_alive() for thread in threads)

    def limit_reached(self) -> WatchLimit | None:
        """The limit that keeps the kernel from watching one more folder, found out by trying it.

        watchdog keeps silent about folders inside that it could not watch.
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
    """Translates watchdog's events; never raises."""

    def __init__(self, folder: Path, real: Path, sink: Sink) -> None:
        self._folder = folder
        self._real = real
        self._sink = sink

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            self._pass_on(event)
        except Exception:
            log.exception("event of a file could not be handled", path=os.fsdecode(event.src_path))
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
    """watchdog reports an overflow of the kernel's queue in its log and nowhere else."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(logging.WARNING)
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._sink.lost_track()


def _poller(poll_s: float) -> BaseObserver:
    return PollingObserverVFS(stat=os.stat, listdir=_without_linked_folders, polling_interval=poll_s)


def _without_linked_folders(folder: str | None) -> Iterator[os.DirEntry[str]]:
    """What polling looks at: a link to a folder above would be followed for ever."""
    with os.scandir(folder) as entries:
        kept = [entry for entry in entries if not (entry.is_symlink() and entry.is_dir())]
    return iter(kept)


def _as_limit(error: OSError) -> Exception:
    sysctl = _SYSCTL.get(error.errno or 0)
    return WatchLimit(sysctl) if sysctl else error
