"""Whether a watched folder, and every disk mounted in it, is there; what is deleted and what only away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from cbvird.watch.mounts import Mount, is_remote, mounts_below
from cbvird.watch.scan import is_gone

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Identity:
    """If any of this changes, the folder is another one, and watches set on it are void."""

    device: int
    inode: int
    mounted: frozenset[Mount]


class Presence:
    """Of one folder.

    It is offline while it does not exist, cannot be read, or holds no video although some are known
    and none has been seen since it is there: that is what an unmounted disk leaves behind.

    The folder's thread and those that bring events may call it at once: what one has found out about
    a folder must not be held against another one that has taken its place meanwhile.
    """

    def __init__(self, path: Path, mounts: Callable[[], list[Mount]]) -> None:
        self._path = path
        self._mounts = mounts
        self._identity: _Identity | None = None
        self._place: tuple[int, int] | None = None
        self._mounted: set[Path] = set()
        self._lost: set[Path] = set()
        self._lived_in = False
        self._doubtful = False
        self._looked = False
        self._failure = "not looked at yet"
        self._lock = threading.Lock()
        self.is_remote = False

    @property
    def is_here(self) -> bool:
        """Whether the folder could be read at the last `look`."""
        return self._identity is not None

    @property
    def reason(self) -> str:
        """Why the folder is offline; empty if it is not."""
        if not self.is_here:
            return self._failure
        return "holds no video, although some are known" if self._doubtful else ""

    def is_online(self, path: Path) -> bool:
        """Whether the disk that `path` lies on is there."""
        return not self.reason and not self._is_lost(path)

    def look(self) -> bool:
        """Looks again; True if the folder has come, gone, or is another one than before."""
        with self._lock:
            return self._look(self._mounts())

    def _look(self, mounts: list[Mount]) -> bool:
        identity = self._identify(mounts)
        if self._looked and identity == self._identity:
            return False
        self._looked, self._identity = True, identity
        if identity is None:
            log.warning("folder is offline", folder=str(self._path), reason=self._failure)
            return True
        points = {mount.point for mount in identity.mounted}
        self._lost, self._mounted = (self._lost | self._mounted) - points, points
        place = (identity.device, identity.inode)
        self._lived_in = self._lived_in and place == self._place
        self._place = place
        self.is_remote = is_remote(self._path, mounts)
        return True

    def inhabited(self, video: Path) -> None:
        """`video` has been seen in it: if there is none afterwards, then because it was deleted."""
        if self._lived_in:
            return
        with self._lock:
            if not is_gone(video) and self._is_the_same():
                self._lived_in = True

    def has_come_alive(self) -> bool:
        """Whether a video has turned up in a folder that was taken for an unmounted disk's."""
        return self._doubtful and self._lived_in

    def deleted(self, paths: Iterable[Path]) -> list[Path]:
        """Those of `paths` that are certainly gone: their disk is there, and they are not on it."""
        with self._lock:
            return self._deleted(paths)

    def _deleted(self, paths: Iterable[Path]) -> list[Path]:
        gone = [path for path in paths if is_gone(path)]
        doubtful = bool(gone) and not self._lived_in
        if doubtful and not self._doubtful:
            log.warning("no video left, taken for an unmounted disk", folder=str(self._path))
        self._doubtful = doubtful
        if not gone or doubtful or not self._is_the_same():
            return []
        return [path for path in gone if not self._is_lost(path)]

    def _is_the_same(self) -> bool:
        """Whether the folder is still the one of the last `look`."""
        return self._identify(self._mounts()) == self._identity

    def _is_lost(self, path: Path) -> bool:
        return any(path.is_relative_to(point) for point in self._lost)

    def _identify(self, mounts: list[Mount]) -> _Identity | None:
        try:
            status = self._path.stat()
            with os.scandir(self._path) as entries:
                next(entries, None)
        except OSError as error:
            self._failure = error.strerror or str(error)
            return None
        return _Identity(status.st_dev, status.st_ino, mounts_below(self._path, mounts))
