"""The part of `Library` that compares its videos with each other and tells what they share."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from cbvir_core.duplicates import (
    ComparisonListener,
    ComparisonProgress,
    DuplicateFinder,
    DuplicateGroup,
    duplicate_groups,
    still_pair,
)
from cbvir_core.errors import InputError, UnknownVideo
from cbvir_core.index import FrameIndex
from cbvir_core.search.video_paths import videos_within
from cbvir_core.store import KeyframeRow, SharedSegment, Store, VideoRecord
from cbvir_core.types import KeyframeId, VideoId

MIN_DUPLICATE_S = 3.0
"""Seconds of what videos share that is told of unless told otherwise."""

CACHED_SCENE_LISTS = 16
"""Videos of which the scenes are kept while stills are chosen."""


class LibraryDuplicates:
    """Compares videos and groups what they share.  Thread-safe.

    `index` is None where the library is open without frame rows, which cannot be compared then.
    """

    def __init__(self, store: Store, index: FrameIndex | None) -> None:
        self._store = store
        self._finder = None if index is None else DuplicateFinder(store, index)
        self._grouping = threading.Lock()
        self._known: tuple[object, list[DuplicateGroup]] = (None, [])

    def compare(
        self, within: Collection[Path | str] = (), listener: ComparisonListener | None = None
    ) -> ComparisonProgress:
        """Compare all videos that have not been yet, or those in folders `within`, with each other.

        Returns when it is done; a call that ends early, or is killed, leaves what it found, and the next one
        goes on.  Raises InputError without frame rows, UnknownVideo for a folder that names no video,
        ComparisonBusy while another call runs, DiskFull, and what the listener raises.
        """
        if self._finder is None:
            raise InputError("This library is open without frame rows, by which videos are compared.")
        return self._finder.run(self.named(within), listener)

    def groups(
        self, within: Collection[Path | str] = (), min_seconds: float = MIN_DUPLICATE_S
    ) -> list[DuplicateGroup]:
        """Return what videos, or those in folders `within`, are known to share, by kind, the longest first.

        Segments of less than `min_seconds` are left out.  Raises UnknownVideo.
        """
        with self._grouping:
            key = self._store.shared_version(), tuple(sorted(map(str, within))), min_seconds
            if self._known[0] != key:
                named = self.named(within)
                segments = (
                    one
                    for one in self._store.shared_segments()
                    if named is None or (one.first in named and one.second in named)
                )
                durations_s = {video.video_id: self._duration_s(video) for video in self._store.videos()}
                self._known = key, duplicate_groups(segments, durations_s, min_seconds)
            return self._known[1]

    def stills(self, segments: Sequence[SharedSegment]) -> list[tuple[KeyframeId, KeyframeId] | None]:
        """Return, for each segment, the keyframes of its two videos that show about the same moment."""
        scenes = lru_cache(CACHED_SCENE_LISTS)(self._scenes)
        return [still_pair(one, scenes(one.first), scenes(one.second)) for one in segments]

    def close(self) -> None:
        """End a comparison under way.  May be called twice."""
        if self._finder is not None:
            self._finder.close()

    def named(self, within: Collection[Path | str]) -> frozenset[VideoId] | None:
        """Return the videos in folders or that are named, None (all) for none.  Raises UnknownVideo."""
        if not within:
            return None
        return frozenset(video.video_id for video in videos_within(self._store, within))

    def _duration_s(self, video: VideoRecord) -> float:
        if video.duration_s is not None:
            return video.duration_s
        return max((scene.scene_end_s for scene in self._scenes(video.video_id)), default=0.0)

    def _scenes(self, video_id: VideoId) -> list[KeyframeRow]:
        try:
            return self._store.keyframes(video_id)
        except UnknownVideo:
            return []
