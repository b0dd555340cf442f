"""Frames whose place is known: what a library is asked about to learn how well it answers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import CbvirError
from cbvir_core.search import existing_path
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Image


@dataclass(frozen=True, slots=True, eq=False)
class KnownFrame:
    """A frame, and the keyframe of the scene that it is from."""

    keyframe: KeyframeRow
    image: Image


class KnownFrames:
    """Frames of the scenes of a store.

    A frame comes from anywhere in a scene, so that things move between it and the scene's keyframe; where the
    file is offline it is the keyframe's still.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def rows(self) -> list[int]:
        """The rows of the keyframes whose scenes can be asked about, as they were at the first use."""
        return self._store.searchable_rows(video.video_id for video in self._store.videos())

    def frame(self, row: int, rng: np.random.Generator) -> KnownFrame | None:
        """Return a frame from a random time of the scene of `row`; None where it was forgotten."""
        (keyframe,) = self._store.keyframe_rows([row])
        still = self._store.still_of_row(row)
        if keyframe is None or still is None:
            return None
        image = self._image(keyframe, rng.uniform(keyframe.scene_start_s, keyframe.scene_end_s))
        return KnownFrame(keyframe, decode_still(still) if image is None else image)

    def _image(self, keyframe: KeyframeRow, time_s: float) -> Image | None:
        """Return the scene's first frame from a time on; None where the file cannot be read."""
        video = self._store.video(keyframe.keyframe_id.video)
        if video is None or not video.paths:
            return None
        span = time_s, keyframe.scene_end_s
        with suppress(CbvirError), SpanReader(existing_path(video), *span) as frames:
            return next((frame.image for frame in frames), None)
        return None
