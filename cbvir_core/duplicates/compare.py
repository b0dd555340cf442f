"""A stretch of a video compared with the windows that its frames vote for: the segments that both show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cbvir_core.align import AlignedSegment, SimilarityMatrix, find_segments, frame_similarities
from cbvir_core.align.segments import MIN_SIMILARITY
from cbvir_core.clips.evidence import FoundSegment, SegmentEvidence, segment_contrast
from cbvir_core.clips.film_frames import FilmFrames, film_frames
from cbvir_core.clips.windows import Window, scenes_within
from cbvir_core.duplicates.stretches import Stretch
from cbvir_core.duplicates.views import blank_frames, distinct_frames, unit_views
from cbvir_core.duplicates.votes import AdmitVideo, vote_for_windows
from cbvir_core.errors import UnknownVideo
from cbvir_core.index import FrameIndex
from cbvir_core.keyframes import CLIP_SAMPLE_S
from cbvir_core.search.verify import Verifier
from cbvir_core.store import KeyframeRow, SharedSegment, Store
from cbvir_core.types import Floats, RowNumbers, VideoId

MIN_SHARED_S = 2.0
"""Seconds of a segment on each side: what is shorter resembles something in every large library."""

MIN_SHARED_SCORE = 1.2
"""The least score of a path, which most frames of two seconds give."""

MAX_WINDOW_SEGMENTS = 6
"""Segments of one window: more of them are only similar, and each takes as long as the first."""

MAX_FRUITLESS_WINDOWS = 3
"""Windows in a row that share nothing, the best first, after which the others of a stretch are not compared:
where everything looks alike, as in one studio, all of them would only look alike."""

MIN_SHARED_PROBABILITY = 0.9
"""Probability from which a segment is kept; that from which clips are called a match."""

STILLS_COMPARED_OF_SEGMENT, STILL_OFFSET_S = 3, 5.0
"""Pairs of stills of which local features are compared where the frames alone are not sure, and the seconds
by which their times may differ."""

USUAL_STRIDE = 4
"""Every fourth frame of a window tells how similar a frame is to the whole window: a third of the time."""

CACHED_VIDEOS = 32
"""Videos of which the scenes stay in memory: half a megabyte of each hour."""


class StretchComparer:
    """Compares stretches with everything that the frame index holds.  Thread-safe."""

    def __init__(self, store: Store, index: FrameIndex) -> None:
        self._store, self._index, self._verifier = store, index, Verifier(store)
        self._scenes = lru_cache(CACHED_VIDEOS)(self._read_scenes)

    def compare(self, stretch: Stretch, own: RowNumbers, admit: AdmitVideo) -> list[SharedSegment]:
        """Return what the stretch shares with other videos.

        `own` are all rows of its video; `admit` says which other videos may be named.
        """
        frames = film_frames(self._index, stretch.scenes, CLIP_SAMPLE_S)
        if frames is None:
            return []
        found: list[SharedSegment] = []
        fruitless = 0
        for window in vote_for_windows(self._store, self._index, stretch.span, frames, own, admit):
            shared = self._shared(stretch, frames, window)
            fruitless = 0 if shared else fruitless + 1
            if fruitless == MAX_FRUITLESS_WINDOWS:
                break
            found += shared
        return found

    def _shared(self, stretch: Stretch, frames: FilmFrames, window: Window) -> list[SharedSegment]:
        """Return the segments of one window that are probably the same."""
        scenes = scenes_within(self._scenes(window.video_id), window.span)
        shown = film_frames(self._index, scenes, CLIP_SAMPLE_S)
        if shown is None:
            return []
        values = similarities_without_blanks(frames, shown)
        matrix = SimilarityMatrix(frames.times_s, shown.times_s, values)
        usual = np.median(values[:, ::USUAL_STRIDE], axis=1)
        found: list[SharedSegment] = []
        for segment in find_segments(matrix, stretch.span, MIN_SHARED_SCORE, MAX_WINDOW_SEGMENTS):
            contrast = segment_contrast(segment, frames.times_s, usual)
            one = FoundSegment(window, segment, contrast, tuple(scenes), matrix)
            if _shortest_s(segment) >= MIN_SHARED_S:
                probability = self._probability(stretch, one)
                if probability >= MIN_SHARED_PROBABILITY:
                    found.append(_shared_segment(stretch.video_id, one, probability))
        return found

    def _probability(self, stretch: Stretch, found: FoundSegment) -> float:
        """Return how probably a segment is shared; compare stills only where they can change the verdict."""
        alone = SegmentEvidence(found, 0, 0).probability
        with_stills = SegmentEvidence(found, 1, 1).probability
        if alone >= MIN_SHARED_PROBABILITY or with_stills < MIN_SHARED_PROBABILITY:
            return alone
        compared = 0
        for one, other in paired_scenes(stretch.scenes, found.scenes, found.segment):
            compared += 1
            if self._verifier.compare_stills(one.row, other.row) is not None:
                return SegmentEvidence(found, compared, 1).probability
        return SegmentEvidence(found, compared, 0).probability

    def _read_scenes(self, video_id: VideoId) -> tuple[KeyframeRow, ...]:
        try:
            return tuple(self._store.keyframes(video_id))
        except UnknownVideo:  # forgotten while it was compared
            return ()


def similarities_without_blanks(frames: FilmFrames, shown: FilmFrames) -> Floats:
    """Return the similarity of each frame of two parts of videos, N x M.

    A frame that shows nothing is like every other one of its kind.  Such pairs are made as alike as counts
    for nothing, so that a path goes through a fade and none is made of black alone.
    """
    one, other = distinct_frames(frames.views), distinct_frames(shown.views)
    views, other_views = unit_views(frames.views[one.firsts]), unit_views(shown.views[other.firsts])
    values = frame_similarities(views, other_views)
    blank = blank_frames(views)[:, None] | blank_frames(other_views)[None, :]
    values = np.where(blank, np.minimum(values, np.float32(MIN_SIMILARITY)), values)
    return values[np.ix_(one.numbers, other.numbers)]


def paired_scenes(
    scenes: Sequence[KeyframeRow], others: Sequence[KeyframeRow], segment: AlignedSegment
) -> list[tuple[KeyframeRow, KeyframeRow]]:
    """Return scenes of both sides of a segment whose keyframes show about the same moment, the nearest first.

    At most `STILLS_COMPARED_OF_SEGMENT`, each at most `STILL_OFFSET_S` apart.
    """
    pairs: list[tuple[float, KeyframeRow, KeyframeRow]] = []
    for one in scenes:
        if not segment.query[0] <= one.time_s <= segment.query[1] or not one.quality:
            continue
        time_s = segment.time_in_video(one.time_s)
        other = min(others, key=lambda scene: abs(scene.time_s - time_s))
        if abs(other.time_s - time_s) <= STILL_OFFSET_S and other.quality:
            pairs.append((abs(other.time_s - time_s), one, other))
    pairs.sort(key=lambda pair: (pair[0], pair[1].row))
    return [(one, other) for _, one, other in pairs[:STILLS_COMPARED_OF_SEGMENT]]


def _shortest_s(segment: AlignedSegment) -> float:
    return min(segment.query[1] - segment.query[0], segment.span[1] - segment.span[0])


def _shared_segment(video_id: VideoId, found: FoundSegment, probability: float) -> SharedSegment:
    segment = found.segment
    return SharedSegment(
        first=video_id,
        first_span=segment.query,
        second=found.window.video_id,
        second_span=segment.span,
        speed=segment.speed,
        is_reversed=segment.is_reversed,
        similarity=segment.similarity,
        probability=probability,
    )
