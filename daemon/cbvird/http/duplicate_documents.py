"""JSON documents about videos that were compared with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from cbvir_core.duplicates import DuplicateGroup, DuplicateKind
from cbvir_core.library import Library
from cbvir_core.store import SharedSegment, VideoRecord
from cbvir_core.types import KeyframeId, VideoId
from cbvir_shared.path_text import shown
from cbvird.runtime.duplicates import ComparisonState

SEGMENTS_WITH_STILLS = 3
"""Segments of a group for which the keyframes of both sides are named, the longest ones."""


class ComparisonDocument(BaseModel):
    """How a comparison stands; `error` says why the last one ended early."""

    running: bool
    done_s: float
    total_s: float
    videos_done: int
    videos: int
    found: int
    eta_s: float | None
    error: str

    @classmethod
    def of(cls, state: ComparisonState) -> ComparisonDocument:
        """Return the document of a state."""
        progress = state.progress
        return cls(
            running=state.running,
            done_s=round(progress.done_s, 1),
            total_s=round(progress.total_s, 1),
            videos_done=progress.videos_done,
            videos=progress.videos,
            found=progress.found,
            eta_s=None if state.eta_s is None else round(state.eta_s, 1),
            error=shown(state.error),
        )


class PlaceDocument(BaseModel):
    """A video of a group, and the part of it that is shared, from the first to the last."""

    video_id: str
    path: str
    start_s: float
    end_s: float
    duration_s: float | None


class SharedSegmentDocument(BaseModel):
    """A part of one video that a part of another one shows.

    The keyframes show about the same moment of both; null beyond the longest segments of a group.
    """

    first_video_id: str
    first_start_s: float
    first_end_s: float
    second_video_id: str
    second_start_s: float
    second_end_s: float
    speed: float
    reversed: bool
    similarity: float
    score: float
    first_keyframe_id: str | None
    second_keyframe_id: str | None

    @classmethod
    def of(
        cls, segment: SharedSegment, stills: tuple[KeyframeId, KeyframeId] | None
    ) -> SharedSegmentDocument:
        """Return the document of a segment; times to a hundredth of a second."""
        first, second = stills or (None, None)
        return cls(
            first_video_id=segment.first,
            first_start_s=round(segment.first_span[0], 2),
            first_end_s=round(segment.first_span[1], 2),
            second_video_id=segment.second,
            second_start_s=round(segment.second_span[0], 2),
            second_end_s=round(segment.second_span[1], 2),
            speed=round(segment.speed, 3),
            reversed=segment.is_reversed,
            similarity=round(segment.similarity, 3),
            score=round(segment.probability, 3),
            first_keyframe_id=None if first is None else str(first),
            second_keyframe_id=None if second is None else str(second),
        )


class DuplicateGroupDocument(BaseModel):
    """Videos that have something in common: see `cbvir_core.duplicates.DuplicateGroup`."""

    kind: str
    shared_s: float
    places: list[PlaceDocument]
    segments: list[SharedSegmentDocument]

    @classmethod
    def of(
        cls, group: DuplicateGroup, videos: Mapping[VideoId, VideoRecord], library: Library
    ) -> DuplicateGroupDocument:
        """Return the document of a group."""
        longest = sorted(group.segments, key=lambda one: one.first_span[0] - one.first_span[1])
        chosen = longest[:SEGMENTS_WITH_STILLS]
        stills = dict(zip(chosen, library.duplicates.stills(chosen), strict=True))
        places: list[PlaceDocument] = []
        for place in group.places:
            video = videos.get(place.video_id)
            places.append(
                PlaceDocument(
                    video_id=place.video_id,
                    path=shown(video.paths[0]) if video and video.paths else "",
                    start_s=round(place.span[0], 2),
                    end_s=round(place.span[1], 2),
                    duration_s=None if video is None else video.duration_s,
                )
            )
        return cls(
            kind=group.kind,
            shared_s=round(group.shared_s, 2),
            places=places,
            segments=[SharedSegmentDocument.of(one, stills.get(one)) for one in group.segments],
        )


class DuplicateGroupsDocument(BaseModel):
    """A page of the groups: `total` of all, `kinds` counts them; `offset` is the number of the first."""

    total: int
    kinds: dict[str, int]
    offset: int
    groups: list[DuplicateGroupDocument]

    @classmethod
    def of(
        cls, groups: Sequence[DuplicateGroup], offset: int, limit: int, library: Library
    ) -> DuplicateGroupsDocument:
        """Return the document of a page."""
        page = groups[offset : offset + limit]
        wanted = {place.video_id for group in page for place in group.places}
        known = {video_id: library.video(video_id) for video_id in wanted}
        videos = {video_id: video for video_id, video in known.items() if video is not None}
        counts = Counter(group.kind for group in groups)
        return cls(
            total=len(groups),
            kinds={kind.value: counts[kind] for kind in DuplicateKind},
            offset=offset,
            groups=[DuplicateGroupDocument.of(group, videos, library) for group in page],
        )
