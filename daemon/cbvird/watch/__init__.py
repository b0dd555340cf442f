"""Folders -> events of the files in them: inotify or polling, a scan at start, and rescans."""

from cbvird.watch.events import Event, Gone, Moved, RootStatus, Seen
from cbvird.watch.scan import Found, PathFilter, scan
from cbvird.watch.watcher import Watcher

__all__ = ["Event", "Found", "Gone", "Moved", "PathFilter", "RootStatus", "Seen", "Watcher", "scan"]
