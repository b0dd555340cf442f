"""Pages of the list of videos, filtered and sorted, from a snapshot that is made anew only when it is old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cbvir_shared.path_text import shown
from cbvird.ingest.entries import VideoEntry, VideoPage, entry_order

CHANGED_AGE_BUILDS = 10.0
"""A snapshot of a list that has changed is used for this many times the seconds that making it took: of
100,000 videos it takes a second, and while videos are taken in the list changes all the time."""

UNCHANGED_AGE_BUILDS, UNCHANGED_AGE_S = 20.0, 1.0
"""One of a list without known changes is used for so many times as long, and for so many seconds at least."""


class VideoOrder(StrEnum):
    """What a list is sorted by, upwards, or downwards with a ``-``."""

    PATH = "path"
    PATH_DOWN = "-path"
    DURATION = "duration_s"
    DURATION_DOWN = "-duration_s"
    ADDED = "added"
    ADDED_DOWN = "-added"


@dataclass(frozen=True, slots=True)
class VideoFilter:
    """Which videos are wanted: in one of `states`, in the folder `under`, with `name` in the file's name.

    What is empty or None leaves none out; case does not count in names, which are compared as they are shown.
    A video at several paths is shown with one in the folder.
    """

    states: frozenset[str] = frozenset()
    under: Path | None = None
    name: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the folder is asked for."""
        return not (self.states or self.name)

    def choose(self, videos: list[VideoEntry]) -> list[VideoEntry]:
        """Return those that are wanted of videos in order of path, in that order."""
        if self.under is not None:
            within = (video.within(self.under) for video in videos)
            videos = sorted((video for video in within if video is not None), key=entry_order)
        return [video for video in videos if self.admits(video)]

    def admits(self, video: VideoEntry) -> bool:
        """Return whether a video is wanted, wherever it lies."""
        if self.states and video.state not in self.states:
            return False
        return not self.name or self.name.casefold() in shown(video.path.name).casefold()


class VideoListing:
    """The list of `videos` as of a moment ago.  Thread-safe.

    `changes` counts what is known to have changed; `clock` is in seconds and never set back.
    """

    def __init__(
        self,
        videos: Callable[[], list[VideoEntry]],
        changes: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._videos, self._changes, self._clock = videos, changes, clock
        self._lock = threading.Lock()
        self._snapshot: list[VideoEntry] | None = None
        self._made_at = self._build_s = 0.0
        self._known_changes = 0
        self._last_found: tuple[object, object, list[VideoEntry]] = (None, None, [])

    def page(self, wanted: VideoFilter, order: VideoOrder, offset: int, limit: int) -> VideoPage:
        """Return a page of the videos that are wanted."""
        snapshot = self._current()
        with self._lock:
            known, asked, found = self._last_found
        if known is not snapshot or asked != (wanted, order):
            found = _in_order(wanted.choose(snapshot), order)
            with self._lock:
                self._last_found = snapshot, (wanted, order), found
        return VideoPage(found[offset : offset + limit], len(found))

    def _current(self) -> list[VideoEntry]:
        with self._lock:
            if self._snapshot is None or self._is_old():
                begun, self._known_changes = self._clock(), self._changes()
                self._snapshot = self._videos()
                self._made_at = self._clock()
                self._build_s = self._made_at - begun
            return self._snapshot

    def _is_old(self) -> bool:
        age_s = self._clock() - self._made_at
        if self._changes() != self._known_changes:
            return age_s >= CHANGED_AGE_BUILDS * self._build_s
        return age_s >= max(UNCHANGED_AGE_S, UNCHANGED_AGE_BUILDS * self._build_s)


def _in_order(videos: list[VideoEntry], order: VideoOrder) -> list[VideoEntry]:
    """Return videos, which are in the order of paths, in another one; equal ones stay as they are."""
    key = _SORT_KEYS.get(order.lstrip("-"))
    if key is None:
        return videos[::-1] if order is VideoOrder.PATH_DOWN else videos
    return sorted(videos, key=key, reverse=order.startswith("-"))


def _by_duration(video: VideoEntry) -> float:
    return video.duration_s or 0.0


def _by_added(video: VideoEntry) -> float:
    return video.added_at or 0.0


_SORT_KEYS: dict[str, Callable[[VideoEntry], float]] = {"duration_s": _by_duration, "added": _by_added}
