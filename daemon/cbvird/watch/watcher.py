"""All watched folders together; everything pours into one callback."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvird.config.sections import WatchSettings
from cbvird.watch.events import Event, RootStatus
from cbvird.watch.folder import CHECK_S, WatchedFolder
from cbvird.watch.mounts import Mount, read_mounts


class Watcher:
    """Reports the files of ``settings.folders`` between `start` and `stop` (or inside ``with``).

    `on_event` gets `Seen`, `Gone` and `Moved`: from inotify or polling, from a scan at start, and
    from a rescan every ``rescan_s``.  It is called from several threads and should only enqueue; if
    it raises (a full queue), the event comes again with a later scan.  `known` gives the paths that
    the caller believes in: those that a scan finds missing are reported as gone, so deletions
    between two runs are noticed too.  The same event may come more than once.
    """

    def __init__(
        self,
        settings: WatchSettings,
        on_event: Callable[[Event], None],
        *,
        known: Callable[[], Iterable[Path]] = tuple,
        mounts: Callable[[], list[Mount]] = read_mounts,
        check_s: float = CHECK_S,
    ) -> None:
        self._folders = [
            WatchedFolder(path, settings, on_event, known, mounts=mounts, check_s=check_s)
            for path in (_outermost(settings.folders) if settings.recursive else settings.folders)
        ]

    def start(self) -> None:
        """Starts one thread per folder; returns at once."""
        for folder in self._folders:
            folder.start()

    def stop(self) -> None:
        """Ends the threads.  No event comes afterwards, except from a network share that hangs."""
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
        """Asks for a look at every folder now; returns at once."""
        for folder in self._folders:
            folder.rescan()

    def roots(self) -> list[RootStatus]:
        """Every watched folder, as configured; one that lies inside another is not named."""
        return [folder.status() for folder in self._folders]

    def is_online(self, path: Path) -> bool:
        """Whether the watched folder (and the disk in it) that `path` lies in is there.  A path that
        is in none counts as online: nobody watches it, so nobody can say."""
        return all(folder.is_online(path) for folder in self._folders if path.is_relative_to(folder.path))

    @property
    def scanned(self) -> bool:
        """Whether every folder has been looked through, at the start and whenever it was asked for."""
        return all(folder.scanned for folder in self._folders)

    def is_alive(self) -> bool:
        """Whether every folder's thread runs.  If not, the service should end: something is wrong."""
        return all(folder.is_alive() for folder in self._folders)


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Without those that lie inside another one, which is watched with all that is in it."""
    unique = list(dict.fromkeys(folders))
    return [
        path for path in unique if not any(path != other and path.is_relative_to(other) for other in unique)
    ]
