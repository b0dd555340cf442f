"""The presence of a watched folder and of the disks in it: which files are deleted, which only absent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from cbvird.watch.mounts import Mount, is_remote, mounts_below
from cbvird.watch.scan import is_gone

LOG = structlog.get_logger(__name__)


def looked_into(folder: Path) -> os.stat_result:
    """Return the status of a folder that can be read.  Raises OSError where it cannot."""
    status = folder.stat()
    with os.scandir(folder) as entries:
        next(entries, None)
    return status


class NestedFolder:
    """The presence of a watched folder that lies in another one, and is watched with it."""

    def __init__(self, path: Path) -> None:
        self.path, self.failure = path, ""

    def check(self) -> None:
        """Look whether the folder can be read; `failure` says why it cannot, and is else empty."""
        try:
            looked_into(self.path)
        except OSError as error:
            self.failure = error.strerror or str(error)
        else:
            self.failure = ""


@dataclass(frozen=True, slots=True)
class _Identity:
    """The identity of a folder.  If it changes, it is another folder, and watches set on it are void."""

    device: int
    inode: int
    mounted: frozenset[Mount]


class Presence:
    """The presence of one watched folder.

    The folder is offline while it does not exist or cannot be read.  It is also offline while it holds no
    video although some are known and none has been seen since the folder is there: that is what an unmounted
    disk leaves behind.

    The folder's thread and the threads that bring events may call this at once.  What one of them found out
    about a folder must not be applied to another folder that has taken its place meanwhile.
    """

    def __init__(self, path: Path, mounts: Callable[[], list[Mount]]) -> None:
        self._path = path
        self._mounts = mounts
        self._identity: _Identity | None = None
        self._device_and_inode: tuple[int, int] | None = None
        self._mounted: set[Path] = set()
        self._lost: set[Path] = set()
        self._video_seen = False
        self._looks_unmounted = False
        self._checked = False
        self._failure = "not checked yet"
        self._lock = threading.Lock()
        self.is_remote = False

    @property
    def is_here(self) -> bool:
        """Whether the folder could be read at the last `check`."""
        return self._identity is not None

    @property
    def reason(self) -> str:
        """Why the folder is offline; empty if it is online."""
        if not self.is_here:
            return self._failure
        return "holds no video, although some are known" if self._looks_unmounted else ""

    @property
    def is_whole(self) -> bool:
        """Whether the folder is online, and every disk that was ever mounted in it."""
        return not self._lost and not self.reason

    def is_online(self, path: Path) -> bool:
        """Return whether the disk that `path` lies on is there."""
        return not self.reason and not self._is_lost(path)

    def check(self) -> bool:
        """Check the folder; return whether it has come, gone, or is another one than before."""
        with self._lock:
            return self._check(self._mounts())

    def _check(self, mounts: list[Mount]) -> bool:
        identity = self._identify(mounts)
        if self._checked and identity == self._identity:
            return False
        self._checked, self._identity = True, identity
        if identity is None:
            LOG.warning("folder is offline", folder=str(self._path), reason=self._failure)
            return True
        points = {mount.point for mount in identity.mounted}
        self._lost, self._mounted = (self._lost | self._mounted) - points, points
        device_and_inode = (identity.device, identity.inode)
        self._video_seen = self._video_seen and device_and_inode == self._device_and_inode
        self._device_and_inode = device_and_inode
        self.is_remote = is_remote(self._path, mounts)
        return True

    def saw(self, video: Path) -> None:
        """Record that a video was seen in the folder: if there is none later, it was deleted."""
        if self._video_seen:
            return
        with self._lock:
            if not is_gone(video) and self._is_the_same():
                self._video_seen = True

    def has_come_back(self) -> bool:
        """Return whether a video has turned up in a folder that looked like that of an unmounted disk."""
        return self._looks_unmounted and self._video_seen

    def deleted(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of `paths` that are certainly gone: their disk is there, and they are not on it."""
        with self._lock:
            return self._deleted(paths)

    def _deleted(self, paths: Iterable[Path]) -> list[Path]:
        gone = [path for path in paths if is_gone(path)]
        looks_unmounted = bool(gone) and not self._video_seen
        if looks_unmounted and not self._looks_unmounted:
            LOG.warning("no video left, the disk is probably unmounted", folder=str(self._path))
        self._looks_unmounted = looks_unmounted
        if not gone or looks_unmounted or not self._is_the_same():
            return []
        return [path for path in gone if not self._is_lost(path)]

    def _is_the_same(self) -> bool:
        """Return whether the folder is still the one of the last `check`."""
        return self._identify(self._mounts()) == self._identity

    def _is_lost(self, path: Path) -> bool:
        return any(path.is_relative_to(point) for point in self._lost)

    def _identify(self, mounts: list[Mount]) -> _Identity | None:
        try:
            status = looked_into(self._path)
        except OSError as error:
            self._failure = error.strerror or str(error)
            return None
        return _Identity(status.st_dev, status.st_ino, mounts_below(self._path, mounts))
