"""A query with a clip: vote for windows, align each, verify the best segments, answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cbvir_core.align import AlignedSegment, SimilarityMatrix, find_segments, frame_similarities
from cbvir_core.clips.answer import ClipAnswer, ClipHit
from cbvir_core.clips.clip import Clip, read_clip
from cbvir_core.clips.evidence import FoundSegment, SegmentEvidence
from cbvir_core.clips.film_frames import film_frames
from cbvir_core.clips.verify import SegmentVerifier
from cbvir_core.clips.windows import Window, find_windows, scenes_within
from cbvir_core.search import FrameFinder, SearchOptions
from cbvir_core.search.answer import verdict
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.video_paths import existing_path, videos_within
from cbvir_core.store import Store
from cbvir_core.types import Floats, Verdict

MAX_SHARED = 0.5
"""Share of the shorter one from which on two segments of one video, in clip and video, are the same."""


class ClipSearcher:
    """Answers queries with clips from frame rows.  Any number of threads may ask at once."""

    def __init__(self, store: Store, frames: FrameFinder) -> None:
        self._store, self._frames, self._verifier = store, frames, SegmentVerifier(store)

    def search(self, path: Path, options: SearchOptions = SearchOptions()) -> ClipAnswer:
        """Return which parts of the clip at `path` are parts of which videos.

        Raises NotAVideo, DamagedVideo, FileUnreadable, DecodeMemory, InputError.
        """
        begun = time.perf_counter()
        clip = read_clip(path, self._frames.encoder)
        found = self.find(clip, options)
        evidence = self._verifier.verify(clip, found)
        results = self._hits(found, evidence, options)
        return ClipAnswer(
            verdict=results[0].verdict if results else Verdict.NONE,
            results=results,
            duration_s=clip.span[1],
            frames=len(clip),
            took_ms=1000.0 * (time.perf_counter() - begun),
        )

    def find(self, clip: Clip, options: SearchOptions) -> list[FoundSegment]:
        """Return the segments of the windows that the clip's frames vote for, the best score first."""
        allowed = None
        if options.within:
            allowed = {video.video_id for video in videos_within(self._store, options.within)}
        windows = find_windows(self._store, self._frames.index, clip, allowed, options.without)
        codec = self._frames.index.codec
        sides = {
            mirrored: codec.project(clip.side(mirrored)) for mirrored in {w.is_mirrored for w in windows}
        }
        aligned = parallel_map(lambda window: self._align(clip, window, sides[window.is_mirrored]), windows)
        found = [one for own in aligned for one in own]
        found.sort(key=lambda one: -one.segment.score)
        distinct: list[FoundSegment] = []
        for one in found:
            if not any(_same_place(one, other) for other in distinct):
                distinct.append(one)
        return distinct

    def _align(self, clip: Clip, window: Window, views: Floats) -> list[FoundSegment]:
        """Return the segments of a window; `views` are the clip's in the space of the codes."""
        scenes = scenes_within(self._store.keyframes(window.video_id), window.span)
        frames = film_frames(self._frames.index, scenes, clip.sample_s)
        if frames is None:
            return []
        values = frame_similarities(views, frames.views)
        matrix = SimilarityMatrix(clip.times_s, frames.times_s, values)
        usual = np.median(values, axis=1)
        return [
            FoundSegment(window, segment, _contrast(segment, clip, usual), tuple(scenes))
            for segment in find_segments(matrix, clip.span)
        ]

    def _hits(
        self, found: Sequence[FoundSegment], evidence: Sequence[SegmentEvidence], options: SearchOptions
    ) -> tuple[ClipHit, ...]:
        order = sorted(range(len(found)), key=lambda number: -evidence[number].probability)
        hits: list[ClipHit] = []
        for number in order[: options.top]:
            one, probability = found[number], evidence[number].probability
            video = self._store.video(one.window.video_id)
            if video is None or not video.paths:
                continue
            hits.append(
                ClipHit(
                    rank=len(hits) + 1,
                    video_id=video.video_id,
                    path=existing_path(video, options.within),
                    clip=one.segment.query,
                    span=one.segment.span,
                    speed=one.segment.speed,
                    is_reversed=one.segment.is_reversed,
                    is_mirrored=one.window.is_mirrored,
                    probability=probability,
                    verdict=verdict(probability, options),
                )
            )
        return tuple(hits)


def _contrast(segment: AlignedSegment, clip: Clip, usual: np.ndarray) -> float:
    inside = (clip.times_s >= segment.query[0]) & (clip.times_s <= segment.query[1])
    return segment.similarity - float(usual[inside].mean()) if inside.any() else 0.0


def _same_place(one: FoundSegment, other: FoundSegment) -> bool:
    if one.window.video_id != other.window.video_id:
        return False
    return _shared(one.segment.query, other.segment.query) and _shared(one.segment.span, other.segment.span)


def _shared(one: tuple[float, float], other: tuple[float, float]) -> bool:
    shorter = min(one[1] - one[0], other[1] - other[0])
    return min(one[1], other[1]) - max(one[0], other[0]) >= MAX_SHARED * shorter
