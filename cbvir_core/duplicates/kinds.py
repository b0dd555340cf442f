"""Kinds of what videos share, by plain rules over segments and lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cbvir_core.duplicates.spans import covered_s
from cbvir_core.store import SharedSegment
from cbvir_core.types import Span, VideoId

NEARLY_ALL = 0.85
"""Share of a video from which nearly all of it is shared.  The rest may be black, a still picture that says
nothing, or another ending; a film without its credits is a copy still."""

MIN_COMPILED_SHARE = 0.5
"""Share of a compilation that comes from other videos: what has less is a video of its own that quotes."""

MIN_SOURCES = 2
"""Videos that parts of a compilation come from."""

MIN_SOURCE_SHARE = 0.05
"""Share of a compilation that a video must give it, beside what others give, to count as a source."""


class DuplicateKind(StrEnum):
    """What videos have in common; of two kinds that fit, the first counts.

    - `copy`: nearly all of each is the other.
    - `excerpt`: nearly all of one lies in the other.
    - `title`: three or more videos share something short at about the same place, at their beginning or end.
    - `compilation`: most of one comes from parts of several others.
    - `reuse`: anything else.
    """

    COPY = "copy"
    EXCERPT = "excerpt"
    TITLE = "title"
    COMPILATION = "compilation"
    REUSE = "reuse"


@dataclass(frozen=True, slots=True)
class VideoPlace:
    """A part of a video."""

    video_id: VideoId
    span: Span


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Videos that have something in common.

    - `places`: each video once, with the part from the first to the last that it shares.  An excerpt or a
      compilation is the first; the others are the videos that it comes from.
    - `segments`: which part of which video is which part of which other one.
    - `shared_s`: seconds of the first place's video that are shared.
    """

    kind: DuplicateKind
    places: tuple[VideoPlace, ...]
    segments: tuple[SharedSegment, ...] = field(repr=False)
    shared_s: float


def span_in(segment: SharedSegment, video_id: VideoId) -> Span:
    """Return the part of one of its two videos that a segment is."""
    return segment.first_span if segment.first == video_id else segment.second_span


def other_video(segment: SharedSegment, video_id: VideoId) -> VideoId:
    """Return the other one of the two videos of a segment."""
    return segment.second if segment.first == video_id else segment.first


def shared_share(segments: Sequence[SharedSegment], video_id: VideoId, duration_s: float) -> float:
    """Return the share of a video that segments cover, from 0 to 1."""
    covered = covered_s(span_in(one, video_id) for one in segments)
    return min(1.0, covered / duration_s) if duration_s > 0 else 0.0


def pair_kind(
    segments: Sequence[SharedSegment], durations_s: Mapping[VideoId, float]
) -> tuple[DuplicateKind | None, VideoId]:
    """Return whether two videos are copies or one is an excerpt, else None; and the one that is the excerpt.

    `segments` are all that both share.
    """
    first, second = segments[0].first, segments[0].second
    whole = [shared_share(segments, one, durations_s[one]) >= NEARLY_ALL for one in (first, second)]
    if all(whole):
        return DuplicateKind.COPY, first
    if any(whole):
        return DuplicateKind.EXCERPT, first if whole[0] else second
    return None, first


def compiled_from(
    segments: Sequence[SharedSegment], video_id: VideoId, duration_s: float
) -> frozenset[VideoId]:
    """Return the videos that a compilation comes from, none where the video is no compilation.

    `segments` are those that it shares with others.  A video that gives it nothing but what another one gives
    too is no source.
    """
    if shared_share(segments, video_id, duration_s) < MIN_COMPILED_SHARE:
        return frozenset()
    by_source: dict[VideoId, list[Span]] = {}
    for one in segments:
        by_source.setdefault(other_video(one, video_id), []).append(span_in(one, video_id))
    sources: list[VideoId] = []
    known: list[Span] = []
    for source in sorted(by_source, key=lambda one: (-covered_s(by_source[one]), one)):
        added_s = covered_s([*known, *by_source[source]]) - covered_s(known)
        if added_s >= MIN_SOURCE_SHARE * duration_s:
            sources.append(source)
            known += by_source[source]
    return frozenset(by_source) if len(sources) >= MIN_SOURCES else frozenset()
