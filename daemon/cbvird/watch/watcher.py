"""All watched folders together, with one callback for the events of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvird.config import WatchSettings
from cbvird.watch.file_events import FileEvent, RootStatus
from cbvird.watch.folder import PRESENCE_CHECK_S, WatchedFolder
from cbvird.watch.mounts import Mount, read_mounts


class Watcher:
    """The files of ``settings.folders``, reported between `start` and `stop` (or inside ``with``).

    `on_event` gets `FileSeen`, `FileGone` and `FileMoved`: from inotify or polling, from a scan at the start,
    and from a rescan every ``rescan_s``.  It is called from several threads and should only enqueue; if
    it raises (because a queue is full), the event comes again with a later scan.  `known` returns the paths
    that the caller knows: a scan reports those that are missing as gone, so deletions between two runs are
    noticed too.  The same event may come more than once.
    """

    def __init__(
        self,
        settings: WatchSettings,
        on_event: Callable[[FileEvent], None],
        *,
        known: Callable[[], Iterable[Path]] = tuple,
        mounts: Callable[[], list[Mount]] = read_mounts,
        check_s: float = PRESENCE_CHECK_S,
    ) -> None:
        nested = _nested(settings.folders) if settings.recursive else dict.fromkeys(settings.folders, ())
        self._folders = [
            WatchedFolder(path, settings, on_event, known, inside=inside, mounts=mounts, check_s=check_s)
            for path, inside in nested.items()
        ]

    def start(self) -> None:
        """Start one thread per folder; return at once."""
        for folder in self._folders:
            folder.start()

    def stop(self) -> None:
        """End the threads.  No event comes afterwards, except from a network share that hangs."""
        for folder in self._folders:
            folder.stop()
        for folder in self._folders:
            folder.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def rescan(self) -> None:
        """Request a scan of every folder now; return at once."""
        for folder in self._folders:
            folder.rescan()

    def roots(self) -> list[RootStatus]:
        """Return the state of every watched folder; one that lies inside another follows it."""
        return [status for folder in self._folders for status in folder.statuses()]

    def is_online(self, path: Path) -> bool:
        """Return whether the watched folder of `path`, and the disk in it that `path` lies on, is there.

        A path outside of all watched folders counts as online.
        """
        return all(folder.is_whole or folder.is_online(path) for folder in self._folders)

    @property
    def is_whole(self) -> bool:
        """Whether every folder, and every disk in it, is there."""
        return all(folder.is_whole for folder in self._folders)

    @property
    def scanned(self) -> bool:
        """Whether every folder has been scanned, at the start and after every request."""
        return all(folder.scanned for folder in self._folders)

    def is_alive(self) -> bool:
        """Return whether the threads of all folders run.  If not, the service should end: it has a bug."""
        return all(folder.is_alive() for folder in self._folders)


def _nested(folders: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return the folders that lie inside no other one, with those inside each: these are watched with it."""
    unique = list(dict.fromkeys(folders))
    inside = {path: [one for one in unique if path in one.parents] for path in unique}
    within_another = {path for paths in inside.values() for path in paths}
    return {path: paths for path, paths in inside.items() if path not in within_another}
