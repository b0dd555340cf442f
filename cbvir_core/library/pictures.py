"""Pictures of the library's videos for people: the frame at a time, and rows of thumbnails."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import SpanReader, decode_still, fit_within, probe
from cbvir_core.errors import CbvirError, UnknownVideo, VideoOffline
from cbvir_core.localise.work import MAX_FRAMES_DECODED, TimeBudget, WorkBudget
from cbvir_core.search.video_paths import existing_path, is_online
from cbvir_core.store import Store, VideoRecord
from cbvir_core.types import Frame, Image, Thumbnails, VideoId, VideoInfo

FRAME_TIME_S = 10.0
"""Seconds after which a frame is not looked for any more, and its thumbnail is shown."""

FRAMES_BACK = 2.5
"""Frames before a time at which reading begins: the last one of them up to that time is shown."""

MAX_FRAME_GAP_S = 2.0
"""Seconds that a frame is looked for after a time, in a film that has none at it."""

TIME_ROUNDING_S = 0.0005
"""Half of the millisecond to which people and pages write times."""

THUMBNAIL_CACHE_SCENES = 8
"""Scenes whose thumbnails are kept while a row of them is made."""


class PictureSource(StrEnum):
    """What a picture was made of."""

    FRAME = "frame"
    THUMBNAIL = "thumbnail"
    STILL = "still"


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """A picture of a video, RGB, with the time that it shows and what it was made of."""

    image: Image = field(repr=False)
    time_s: float
    source: PictureSource


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailStrip:
    """Thumbnails side by side, RGB, and the time of each."""

    image: Image = field(repr=False)
    times_s: tuple[float, ...]


class LibraryPictures:
    """Frames of files that are online, thumbnails of all.  Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def file(self, video: str) -> Path:
        """Return the file of a video, by path or beginning of its id.

        Raises UnknownVideo, and VideoOffline where no file is there.
        """
        record = self._store.find(video)
        path = existing_path(record) if record.paths else Path(video)
        if not is_online(path):
            raise VideoOffline("is offline; connect its disk and try again", path=path)
        return path

    def info(self, video: str) -> VideoInfo | None:
        """Return what the file of a video says of itself; None where it is offline or another video now.

        Raises UnknownVideo.
        """
        record = self._store.find(video)
        with suppress(CbvirError):
            info = probe(self.file(record.video_id), like=record.video_id)
            return info if info.video_id == record.video_id else None
        return None

    def frame(self, video: str, time_s: float, width: int) -> ShownPicture:
        """Return the frame that a player shows at a time, at most `width` pixels wide.

        Where the file is offline or cannot be read it is the nearest thumbnail, or the still of a scene
        without thumbnails.  Raises UnknownVideo, also for a video of which nothing is kept yet.
        """
        record = self._store.find(video)
        path = existing_path(record) if record.paths else None
        shown = None
        if path is not None and is_online(path):
            shown = _frame_at(path, record.video_id, time_s, width)
        return shown or _narrow(_KeptPictures(self._store, record).nearest(time_s), width)

    def strip(self, video: str, times_s: Sequence[float], width: int) -> ThumbnailStrip:
        """Return the thumbnails nearest to some times side by side, each `width` pixels wide.

        No file is read.  Raises UnknownVideo, also for a video of which nothing is kept yet.
        """
        kept = _KeptPictures(self._store, self._store.find(video))
        shown = [kept.nearest(time_s) for time_s in times_s]
        height = max(1, round(width * shown[0].image.shape[0] / shown[0].image.shape[1]))
        sized = [cv2.resize(one.image, (width, height), interpolation=cv2.INTER_AREA) for one in shown]
        return ThumbnailStrip(np.asarray(np.hstack(sized), np.uint8), tuple(one.time_s for one in shown))


class _KeptPictures:
    """The thumbnails and stills of one video.  Raises UnknownVideo where there are none."""

    def __init__(self, store: Store, record: VideoRecord) -> None:
        self._store, self._scenes = store, store.keyframes(record.video_id)
        if not self._scenes:
            raise UnknownVideo(f"nothing is kept of {record.video_id} yet; it is still to be read")
        self._starts_s = [scene.scene_start_s for scene in self._scenes]
        self._thumbnails: Callable[[int], Thumbnails | None]
        self._thumbnails = lru_cache(THUMBNAIL_CACHE_SCENES)(store.thumbnails)

    def nearest(self, time_s: float) -> ShownPicture:
        """Return the thumbnail nearest to a time in its scene; the scene's still where it has none."""
        scene = self._scenes[max(0, bisect_right(self._starts_s, time_s) - 1)]
        thumbnails = self._thumbnails(scene.row)
        if thumbnails is None or not len(thumbnails):
            still = decode_still(self._store.still(scene.keyframe_id))
            return ShownPicture(still, scene.time_s, PictureSource.STILL)
        number = int(np.argmin(np.abs(thumbnails.times_s - time_s)))
        grey = thumbnails.frames[number]
        return ShownPicture(
            np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8),
            float(thumbnails.times_s[number]),
            PictureSource.THUMBNAIL,
        )


def _frame_at(path: Path, video_id: VideoId, time_s: float, width: int) -> ShownPicture | None:
    """Return the last frame up to a time, else the first after it; None where it cannot be read.

    None as well where the file is another video now.
    """
    work = WorkBudget(MAX_FRAMES_DECODED, TimeBudget(FRAME_TIME_S))
    found: Frame | None = None
    with suppress(CbvirError):
        info = probe(path, like=video_id)
        if info.video_id != video_id:
            return None
        start_s = max(0.0, time_s - FRAMES_BACK / (info.frames_per_s or 25.0))
        side = round(width * max(1.0, info.height / info.width))
        with SpanReader(
            path, start_s, time_s + MAX_FRAME_GAP_S, max_side=side, stop=work.count_frame, info=info
        ) as frames:
            for frame in frames:
                if found is None or frame.time_s <= time_s + TIME_ROUNDING_S:
                    found = frame
                if frame.time_s >= time_s:
                    break
    return None if found is None else ShownPicture(found.image, found.time_s, PictureSource.FRAME)


def _narrow(shown: ShownPicture, width: int) -> ShownPicture:
    height, wide = shown.image.shape[:2]
    return replace(shown, image=fit_within(shown.image, round(width * max(1.0, height / wide))))
