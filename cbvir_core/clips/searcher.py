"""A query with a clip: vote for windows, align each, verify the best segments, answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from cbvir_core.align import SimilarityMatrix, find_segments, frame_similarities
from cbvir_core.clips.answer import ClipAnswer, ClipHit
from cbvir_core.clips.clip import Clip, read_clip
from cbvir_core.clips.cuts import ClipCuts
from cbvir_core.clips.evidence import FoundSegment, SegmentEvidence, segment_contrast
from cbvir_core.clips.film_frames import film_frames
from cbvir_core.clips.sheets import with_sheets
from cbvir_core.clips.verify import SegmentVerifier
from cbvir_core.clips.windows import Window, find_windows, scenes_within
from cbvir_core.keyframes import ClipDecoding
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

    def search(
        self,
        path: Path,
        options: SearchOptions = SearchOptions(),
        *,
        sheets: bool = False,
        decoding: ClipDecoding = ClipDecoding(),
    ) -> ClipAnswer:
        """Return which parts of the clip at `path` are parts of which videos.

        `decoding` reads the clip.  With `sheets` the first hits that are at least likely, or else the first
        one, have their evidence as a picture.  Raises NotAVideo, DamagedVideo, FileUnreadable, DecodeMemory,
        InputError.
        """
        begun = time.perf_counter()
        clip = read_clip(path, self._frames.encoder, decoding)
        cuts = ClipCuts(partial(decoding.cut_near, path), clip.span)
        hits = self._hits(self.evidence(clip, options), options, cuts)
        results = with_sheets(self._store, clip, hits) if sheets else tuple(hit for hit, _ in hits)
        return ClipAnswer(
            verdict=results[0].verdict if results else Verdict.NONE,
            results=results,
            duration_s=clip.span[1],
            frames=len(clip),
            took_ms=1000.0 * (time.perf_counter() - begun),
        )

    def evidence(self, clip: Clip, options: SearchOptions) -> list[SegmentEvidence]:
        """Return the segments that may be right with what speaks for each, the best score first.

        Of the options `within`, `without`, `mirrored`, `verify` and `regions` hold for clips, the last one
        for the parts by which frames are compared.
        """
        found = self.find(clip, options)
        if options.verify == "never":
            return [SegmentEvidence(one, compared=0, agreeing=0) for one in found]
        return self._verifier.verify(clip, found)

    def find(self, clip: Clip, options: SearchOptions) -> list[FoundSegment]:
        """Return the segments of the windows that the clip's frames vote for, the best score first."""
        allowed = None
        if options.within:
            allowed = {video.video_id for video in videos_within(self._store, options.within)}
        index = self._frames.index
        windows = find_windows(self._store, index, clip, allowed, options.without, mirrored=options.mirrored)
        count = None if options.regions else 1  # view 0 is the whole frame
        sides = {
            mirrored: index.codec.project(clip.side(mirrored)[:, :count])
            for mirrored in {one.is_mirrored for one in windows}
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
        values = frame_similarities(views, frames.views[:, : views.shape[1]])
        matrix = SimilarityMatrix(clip.times_s, frames.times_s, values)
        usual = np.median(values, axis=1)
        return [
            FoundSegment(
                window, segment, segment_contrast(segment, clip.times_s, usual), tuple(scenes), matrix
            )
            for segment in find_segments(matrix, clip.span)
        ]

    def _hits(
        self, evidence: Sequence[SegmentEvidence], options: SearchOptions, cuts: ClipCuts
    ) -> list[tuple[ClipHit, FoundSegment]]:
        """Return the most probable segments as hits, each beside what was found.

        Those that are at least likely end at the cuts of the clip.
        """
        hits: list[tuple[ClipHit, FoundSegment]] = []
        for known in sorted(evidence, key=lambda one: -one.probability)[: options.top]:
            one, video = known.found, self._store.video(known.found.window.video_id)
            if video is None or not video.paths:
                continue
            decided = verdict(known.probability, options)
            segment = one.segment if decided is Verdict.NONE else cuts.snapped(one.segment)
            hit = ClipHit(
                rank=len(hits) + 1,
                video_id=video.video_id,
                path=existing_path(video, options.within),
                clip=segment.query,
                span=segment.span,
                speed=segment.speed,
                is_reversed=segment.is_reversed,
                is_mirrored=one.window.is_mirrored,
                probability=known.probability,
                verdict=decided,
            )
            hits.append((hit, one))
        return hits


def _same_place(one: FoundSegment, other: FoundSegment) -> bool:
    if one.window.video_id != other.window.video_id:
        return False
    return _shared(one.segment.query, other.segment.query) and _shared(one.segment.span, other.segment.span)


def _shared(one: tuple[float, float], other: tuple[float, float]) -> bool:
    shorter = min(one[1] - one[0], other[1] - other[0])
    return min(one[1], other[1]) - max(one[0], other[0]) >= MAX_SHARED * shorter
