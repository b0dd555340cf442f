"""The events of a watcher, and the state of a watched folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WatchKind = Literal["inotify", "polling", "none"]


@dataclass(frozen=True, slots=True)
class FileSeen:
    """The file exists; it may be new, changed, unfinished or long known."""

    path: Path


@dataclass(frozen=True, slots=True)
class FileGone:
    """The file no longer exists, but its watched folder does."""

    path: Path


@dataclass(frozen=True, slots=True)
class FileMoved:
    """The file `source` is now called `target`; both lie in one watched folder."""

    source: Path
    target: Path


FileEvent = FileSeen | FileGone | FileMoved


@dataclass(frozen=True, slots=True)
class RootStatus:
    """The state of a watched folder.

    `watch` is how changes are noticed ("none": by rescans alone), `files` how many files the last scan found,
    `reason` why the folder is offline.  `within` is the watched folder that it lies in, and is watched with;
    `files` is then that one's.
    """

    path: Path
    state: Literal["online", "offline"]
    watch: WatchKind
    files: int
    reason: str = ""
    within: Path | None = None
