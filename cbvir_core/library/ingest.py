"""Ingest into a library: the keyframes of a video are embedded and stored, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from cbvir_core.decode import STILL_SIDE, Mode, fit_within
from cbvir_core.errors import DecodeError, InputError, UnknownVideo
from cbvir_core.keyframes import KeyframeOptions, KeyframeReader
from cbvir_core.library.frame_rows import FrameDescriber, frame_codes_of
from cbvir_core.library.generations import Generations
from cbvir_core.library.networks import Networks
from cbvir_core.store import Store, VideoRecord
from cbvir_core.types import Box, FrameCodes, Keyframe, Rows, VideoId, VideoInfo

ADD_BATCH_KEYFRAMES = 4
"""Keyframes that `add` embeds and stores at once: larger batches ran no faster on one CPU thread, and
a keyframe is found the sooner."""

AddProgress = Callable[[float, float | None], None]
"""Called with the seconds that are done and the video's duration, where the file tells it."""


class LibraryIngest:
    """The part of `Library` that takes videos in.

    `add` does the whole of it.  Whoever reads the file elsewhere calls `begin`, `put_borders`, `append` and
    `finish` in that order.  Without a `describer` no frame rows are made.
    """

    def __init__(
        self,
        store: Store,
        generations: Generations,
        keyframes: KeyframeOptions,
        mode: Mode,
        describer: FrameDescriber | None = None,
    ) -> None:
        self._store, self._generations, self._describer = store, generations, describer
        self._keyframes, self._mode = keyframes, mode

    def add(self, path: Path | str, progress: AddProgress | None = None) -> VideoRecord:
        """Take a video in.  See `Library.add`."""
        with KeyframeReader(path, self._keyframes, mode=self._mode) as keyframes:
            if self.begin(keyframes.info):
                self._take_in(keyframes, progress)
            return self._record(keyframes.info.video_id)

    def _take_in(self, keyframes: KeyframeReader, progress: AddProgress | None) -> None:
        info = keyframes.info
        borders = keyframes.find_borders()
        if borders is not None:
            self.put_borders(info.video_id, borders)
        try:
            while batch := list(islice(keyframes, ADD_BATCH_KEYFRAMES)):
                self.append(info.video_id, batch)
                if progress:
                    progress(keyframes.position_s, info.duration_s)
        except (InputError, DecodeError):
            self._store.forget(info.video_id)
            raise
        duration_s = info.duration_s or keyframes.position_s
        self.finish(info.video_id, damaged=keyframes.damaged, duration_s=duration_s)

    def begin(self, info: VideoInfo) -> bool:
        """Open a video for `append`.  See `Library.begin`."""
        return self._store.begin(info)

    def put_borders(self, video_id: VideoId, borders: Box) -> None:
        """Store the box to which the video's keyframes are cut.  See `Library.put_borders`."""
        self._store.put_borders(video_id, borders)

    def append(self, video_id: VideoId, keyframes: Sequence[Keyframe]) -> None:
        """Embed and store keyframes, with the codes of their frames.  See `Library.append`.

        Pictures larger than a still are shrunk here, once, for the embedding and for the store.
        """
        if not keyframes:
            return
        fitted = with_stills(keyframes)
        codes = self.frame_codes(keyframes)
        with self._generations.appending() as answering:
            rows = filter_rows(answering.networks, fitted)
            self._store.append(video_id, fitted, answering.generation, rows, codes)
            answering.index.refresh()

    def frame_codes(self, keyframes: Sequence[Keyframe]) -> Sequence[FrameCodes | None]:
        """Return the codes of the frames of each keyframe; nothing where no frame rows are made."""
        if self._describer is None:
            return ()
        return frame_codes_of([keyframe.frames for keyframe in keyframes], self._describer)

    def finish(self, video_id: VideoId, *, damaged: int, duration_s: float | None) -> None:
        """Mark a video complete.  See `Library.finish`."""
        self._store.finish(video_id, damaged=damaged, duration_s=duration_s)

    def _record(self, video_id: VideoId) -> VideoRecord:
        record = self._store.video(video_id)
        if record is None:
            raise UnknownVideo(f"the video {video_id} was removed while it was being added")
        return record


def with_stills(keyframes: Sequence[Keyframe]) -> list[Keyframe]:
    """Return keyframes with pictures that are no larger than a still."""
    return [replace(keyframe, image=fit_within(keyframe.image, STILL_SIDE)) for keyframe in keyframes]


def filter_rows(networks: Networks, fitted: Sequence[Keyframe]) -> Rows:
    """Return the filter descriptors of keyframes that `with_stills` made (N x D)."""
    return networks.filter.encode([keyframe.image for keyframe in fitted])
