"""What a watcher tells: about files, and about the folders it watches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WatchKind = Literal["inotify", "polling", "none"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The file is there; it may be new, changed, unfinished, or known for long."""

    path: Path


@dataclass(frozen=True, slots=True)
class Gone:
    """The file is not there any more, and its watched folder still is."""

    path: Path


@dataclass(frozen=True, slots=True)
class Moved:
    """The file `source` is called `target` now; both are inside one watched folder."""

    source: Path
    target: Path


Event = Seen | Gone | Moved


@dataclass(frozen=True, slots=True)
class RootStatus:
    """A watched folder: there or not, how changes are noticed ("none": by rescans alone), how many
    files the last scan found, and why it is offline."""

    path: Path
    state: Literal["online", "offline"]
    watch: WatchKind
    files: int
    reason: str = ""
