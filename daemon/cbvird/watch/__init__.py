"""Watched folders and the events of their files: inotify or polling, a scan at the start, and rescans."""

from cbvird.watch.file_events import FileEvent, FileGone, FileMoved, FileSeen, RootStatus
from cbvird.watch.scan import PathFilter, ScannedFile, scan
from cbvird.watch.watcher import Watcher

__all__ = [
    "FileEvent",
    "FileGone",
    "FileMoved",
    "FileSeen",
    "PathFilter",
    "RootStatus",
    "ScannedFile",
    "Watcher",
    "scan",
]
