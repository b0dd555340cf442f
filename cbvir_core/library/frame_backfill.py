"""Frame codes of keyframes that were stored without: of a former release, or made by another codec.

The scenes of a video are read from its file, one after the other.  A video whose file cannot be read keeps
its place on the list and is tried again later.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from cbvir_core.decode import Mode, fingerprint
from cbvir_core.errors import CbvirError, DecodeError, InputError
from cbvir_core.keyframes import KeyframeOptions, SceneTask, read_scene_frames
from cbvir_core.library.frame_rows import FrameDescriber, frame_codes_of
from cbvir_core.store import Store, VideoRecord
from cbvir_core.types import FrameCodes, SampledFrames, VideoId

RETRY_VIDEO_S = 300.0
"""Seconds after which a video whose file is not there is tried again, unless its paths change before."""

MAX_DOUBLINGS = 8
"""Each time that reading a file fails on the way, the next try comes twice as late, at last after 21 hours:
it decodes everything up to the place of the failure again."""

FRUITLESS_REST_S = 10.0
"""Seconds after which the list is gone through again where no video on it could be read: going through ten
thousand takes a third of a second."""

NO_FRAMES = FrameCodes(np.zeros(0), np.zeros((0, 0, 0), np.uint8))
"""The codes of a scene of which no frame can be read."""

FRAMES_WAIT_NOTE = (
    "The frames of {waiting} scenes are still to be read from their files, in the background or once the "
    "files are there again; until then these scenes are found by their keyframes alone."
)

ReadScenes = Callable[[SceneTask], Generator[SampledFrames | None, None, None]]
"""Reads the frames of scenes; by default `read_scene_frames`."""


@dataclass(slots=True, eq=False)
class _OpenVideo:
    """A video that is being read: its rows that wait, and rows with the frames of their scenes, in order."""

    record: VideoRecord
    waiting: set[int]
    reader: Generator[SampledFrames | None, None, None]
    scenes: Iterator[tuple[int, SampledFrames | None]]


class FrameBackfill:
    """Completes frame codes, video by video, a bounded number of scenes a call.

    The file of one video stays open between two calls, so that it is decoded once.  `clock` returns seconds
    that never go back.
    """

    def __init__(
        self,
        store: Store,
        describer: FrameDescriber,
        keyframes: KeyframeOptions,
        mode: Mode,
        *,
        read_scenes: ReadScenes = read_scene_frames,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._describer = store, describer
        self._sample_s, self._mode = keyframes.sample_s, mode
        self._read_scenes, self._clock = read_scenes, clock
        self._stepping = threading.Lock()
        self._open: _OpenVideo | None = None
        # Of videos whose files could not be read: the paths that they had, and when to try them again.
        self._resting: dict[VideoId, tuple[tuple[Path, ...], float]] = {}
        self._failures: Counter[VideoId] = Counter()  # how often reading failed on the way
        self._fruitless_until = -math.inf

    def step(self, limit: int) -> int:
        """Read up to `limit` scenes, store the codes of those that wait for them; return how many were read.

        0 where no scene waits, or where no file of those that wait can be read now.  Raises DiskFull,
        ModelError.
        """
        with self._stepping:
            while self._find_video() is not None:
                if read := self._advance(limit):
                    return read
            return 0

    def notes(self) -> tuple[str, ...]:
        """Return what a status should say about scenes that wait."""
        waiting = self._store.frame_counts().waiting
        return (FRAMES_WAIT_NOTE.format(waiting=waiting),) if waiting else ()

    def close(self) -> None:
        """Close the file that is open.  May be called twice."""
        with self._stepping:
            self._leave()

    def _find_video(self) -> _OpenVideo | None:
        """Return the video that is open; open the first one on the list that can be tried now."""
        if self._open is None and self._clock() >= self._fruitless_until:
            tried = (self._opened(record) for record in self._waiting_videos() if self._may_try(record))
            self._open = next((video for video in tried if video is not None), None)
            if self._open is None:
                self._fruitless_until = self._clock() + FRUITLESS_REST_S
        return self._open

    def _advance(self, limit: int) -> int:
        """Read on in the open video; return how many scenes were read.  Leave it at its end."""
        assert self._open is not None
        video, scenes = self._open, dict[int, SampledFrames | None]()
        with suppress(InputError, DecodeError, OSError):
            scenes.update(islice(video.scenes, limit))
        try:
            self._put({row: frames for row, frames in scenes.items() if row in video.waiting})
        except CbvirError:
            self._leave()  # what was not stored waits, and is read again
            raise
        video.waiting.difference_update(scenes)
        if len(scenes) < limit and video.waiting:
            self._rest(video.record)
            self._failures[video.record.video_id] += 1
        if len(scenes) < limit or not video.waiting:
            self._leave()
        return len(scenes)

    def _put(self, scenes: dict[int, SampledFrames | None]) -> None:
        made = frame_codes_of(list(scenes.values()), self._describer)
        codes = {row: NO_FRAMES if one is None else one for row, one in zip(scenes, made, strict=True)}
        if codes:
            self._store.put_frame_codes(codes)

    def _leave(self) -> None:
        if self._open is not None:
            self._open.reader.close()
            self._open = None

    def _waiting_videos(self) -> Iterator[VideoRecord]:
        """Yield the complete videos on the list; one that is being taken in gets its codes by `append`."""
        video_id = self._store.video_without_frames()
        while video_id is not None:
            record = self._store.video(video_id)
            if record is not None and record.complete:
                yield record
            video_id = self._store.video_without_frames(after=video_id)

    def _may_try(self, record: VideoRecord) -> bool:
        paths, again_at = self._resting.get(record.video_id, ((), 0.0))
        return paths != record.paths or self._clock() >= again_at

    def _rest(self, record: VideoRecord) -> None:
        wait_s = RETRY_VIDEO_S * 2 ** min(self._failures[record.video_id], MAX_DOUBLINGS)
        self._resting[record.video_id] = record.paths, self._clock() + wait_s

    def _opened(self, record: VideoRecord) -> _OpenVideo | None:
        """Open a video at the first of its paths that holds it; let it rest where none does."""
        self._resting.pop(record.video_id, None)
        path = next((path for path in record.paths if _holds(path, record.video_id)), None)
        if path is None:
            self._rest(record)
            return None
        keyframes = self._store.keyframes(record.video_id)
        ends_s = tuple(keyframe.scene_end_s for keyframe in keyframes)
        reader = self._read_scenes(
            SceneTask(path, record.video_id, ends_s, record.borders, self._sample_s, self._mode)
        )
        waiting = set(self._store.rows_without_frames(len(keyframes), record.video_id))
        rows = [keyframe.row for keyframe in keyframes]
        return _OpenVideo(record, waiting, reader, zip(rows, reader, strict=False))


def _holds(path: Path, video_id: VideoId) -> bool:
    try:
        return fingerprint(path) == video_id
    except (InputError, OSError):
        return False
