"""Scanning a folder for files that may be videos."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from cbvird.config import WatchSettings

# fmt: off
TEMPORARY_NAMES = (
    "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.opdownload", "*.tmp", "*.temp",
    "*~", "~*", "*.!qb", "*.!ut", "*.!bt", "*.bc!", "*.aria2", "*.ytdl", "*.part-frag*", "*.swp", "*.lock",
)
# fmt: on
"""Names that browsers, torrent clients, yt-dlp, WinSCP, Syncthing and editors give to unfinished files.
rsync's ``.name.XXXXXX`` is a hidden file and needs no entry."""

IGNORED_FOLDERS = ("@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information")
"""Folders of network storages and operating systems that hold copies, previews or deleted files."""

LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file as a scan found it."""

    path: Path
    size: int
    mtime_ns: int


class PathFilter:
    """Which names are taken: `include` and `exclude` of the settings; hidden and temporary names never.

    Case is ignored.  A pattern with a slash is matched with the path below the watched folder (``*``
    crosses slashes there), one without a slash with the name.
    """

    def __init__(self, settings: WatchSettings) -> None:
        self.recursive = settings.recursive
        self._include = _Globs(settings.include)
        self._exclude = _Globs((*settings.exclude, *TEMPORARY_NAMES))
        self._growing = _Globs(settings.growing)
        self._ignored_folders = _Globs((*settings.exclude, *IGNORED_FOLDERS))

    def wants(self, root: Path, path: Path) -> bool:
        """Return whether the file `path` below `root` is taken, by its name and the names of its folders."""
        below = _below(root, path)
        if below is None or not below.parts:
            return False
        return self._wants_file(below) and self.reaches(root, path.parent)

    def grows(self, root: Path, path: Path) -> bool:
        """Return whether `path` below `root` has a name of files that are taken in while they grow."""
        below = _below(root, path)
        return below is not None and self._growing.match(below)

    def enters(self, root: Path, folder: Path) -> bool:
        """Return whether a scan enters `folder`, if it enters the folder above."""
        below = _below(root, folder)
        return self.recursive and below is not None and self._enters(below)

    def reaches(self, root: Path, folder: Path) -> bool:
        """Return whether a scan of `root` comes to `folder`."""
        below = _below(root, folder)
        if below is None or not below.parts:
            return below is not None
        return self.recursive and all(self._enters(part) for part in (below, *below.parents) if part.parts)

    def _wants_file(self, below: Path) -> bool:
        return not _hidden(below) and self._include.match(below) and not self._exclude.match(below)

    def _enters(self, below: Path) -> bool:
        return not _hidden(below) and not self._ignored_folders.match(below)


def scan(root: Path, wanted: PathFilter, top: Path | None = None) -> Iterator[ScannedFile]:
    """Yield the wanted regular files below `root` (only those below `top`, if given), folder by folder.

    Links are followed, and each folder is entered once, so a link to a folder above does no harm.  Folders
    that cannot be read are logged and left out.
    """
    top = root if top is None else top
    if not wanted.reaches(root, top):
        return
    entered: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        for entry in _entries(folder, entered):
            path = folder / entry.name
            status = _status(entry)
            if status is None:
                continue
            if stat.S_ISDIR(status.st_mode):
                if wanted.enters(root, path):
                    waiting.append(path)
            elif stat.S_ISREG(status.st_mode) and wanted.wants(root, path):
                yield ScannedFile(path, status.st_size, status.st_mtime_ns)


def is_gone(path: Path) -> bool:
    """Return whether there is certainly no file of this name: one that cannot be read is not gone."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


class _Globs:
    """Shell patterns, compiled to two expressions: one for names, one for paths."""

    def __init__(self, patterns: Iterable[str]) -> None:
        lowered = [pattern.lower() for pattern in patterns]
        self._names = _compile(pattern for pattern in lowered if "/" not in pattern)
        self._paths = _compile(pattern.strip("/") for pattern in lowered if "/" in pattern)

    def match(self, below: Path) -> bool:
        return bool(self._names.match(below.name.lower()) or self._paths.match(str(below).lower()))


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    never = r"(?!)"
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns) or never)


def _entries(folder: Path, entered: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """Return the entries of `folder` by name; none if it was entered before or cannot be read."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in entered:
            return []
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []  # it is gone since it was listed
    except OSError as error:
        LOG.warning("folder cannot be read", folder=str(folder), error=error.strerror)
        return []


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:  # gone meanwhile, or a broken link
        return None


def _below(root: Path, path: Path) -> Path | None:
    return path.relative_to(root) if path.is_relative_to(root) else None


def _hidden(below: Path) -> bool:
    return below.name.startswith(".")
