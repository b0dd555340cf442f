"""Title sequences: something short that three or more videos have at about the same place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.duplicates.connected import ConnectedSets
from cbvir_core.duplicates.kinds import VideoPlace, span_in
from cbvir_core.duplicates.spans import overlap_share, span_length
from cbvir_core.store import SharedSegment
from cbvir_core.types import Span, VideoId

MAX_TITLE_S, MAX_TITLE_SHARE = 180.0, 1 / 3
"""Seconds of a title sequence, and share of the video that it is: what is longer is a part of the video."""

MIN_TITLE_VIDEOS = 3
"""Videos that have it: two may share anything."""

TITLE_PLACE_SHARE = 0.25
"""Share of a video at its beginning, and at its end, in which the middle of a title sequence lies: a series
begins with a minute or five of story."""

SAME_PLACE_OVERLAP = 0.5
"""Seconds in both by seconds in either from which two parts of a video are the same one."""

MIN_PLACED_SHARE = 2 / 3
"""Share of the videos that have it at the same end."""


@dataclass(frozen=True, slots=True)
class TitleSequence:
    """The places of a title sequence, one in each video, and the segments that say so."""

    places: tuple[VideoPlace, ...]
    segments: tuple[SharedSegment, ...] = field(repr=False)


@dataclass(slots=True)
class _Part:
    """A part of a video, and which of the video's parts it is."""

    span: Span
    number: int


def find_titles(
    segments: Sequence[SharedSegment], durations_s: Mapping[VideoId, float]
) -> list[TitleSequence]:
    """Return the title sequences among segments; no segment is in two of them."""
    short = [one for one in segments if _may_be_title(one, durations_s)]
    parts = _parts_of_videos(short)
    connected = ConnectedSets[tuple[VideoId, int]]()
    for one in short:
        connected.join(
            (one.first, _number(parts, one, one.first)), (one.second, _number(parts, one, one.second))
        )
    of_set: dict[tuple[VideoId, int], list[SharedSegment]] = defaultdict(list)
    for one in short:
        of_set[connected.find((one.first, _number(parts, one, one.first)))].append(one)
    titles = [TitleSequence(_places(own), tuple(own)) for own in of_set.values()]
    return [one for one in titles if _is_title(one, durations_s)]


def _may_be_title(segment: SharedSegment, durations_s: Mapping[VideoId, float]) -> bool:
    return all(
        span_length(span_in(segment, video)) <= min(MAX_TITLE_S, MAX_TITLE_SHARE * durations_s[video])
        for video in (segment.first, segment.second)
    )


def _parts_of_videos(segments: Sequence[SharedSegment]) -> dict[VideoId, list[_Part]]:
    """Return the different parts of each video that segments name."""
    spans: dict[VideoId, set[Span]] = defaultdict(set)
    for one in segments:
        spans[one.first].add(one.first_span)
        spans[one.second].add(one.second_span)
    parts: dict[VideoId, list[_Part]] = {}
    for video, own in spans.items():
        parts[video] = []
        for span in sorted(own, key=lambda one: (-span_length(one), one)):
            if not any(overlap_share(span, part.span) >= SAME_PLACE_OVERLAP for part in parts[video]):
                parts[video].append(_Part(span, len(parts[video])))
    return parts


def _number(parts: Mapping[VideoId, Sequence[_Part]], segment: SharedSegment, video: VideoId) -> int:
    """Return which of the parts of a video the segment is: the one that it has most in common with."""
    span = span_in(segment, video)
    return max(parts[video], key=lambda part: (overlap_share(span, part.span), -part.number)).number


def _places(segments: Sequence[SharedSegment]) -> tuple[VideoPlace, ...]:
    """Return the usual place of what segments share in each video, by video."""
    spans: dict[VideoId, list[Span]] = defaultdict(list)
    for one in segments:
        spans[one.first].append(one.first_span)
        spans[one.second].append(one.second_span)
    return tuple(
        VideoPlace(video, (float(np.median([s for s, _ in own])), float(np.median([e for _, e in own]))))
        for video, own in sorted(spans.items())
    )


def _is_title(title: TitleSequence, durations_s: Mapping[VideoId, float]) -> bool:
    if len(title.places) < MIN_TITLE_VIDEOS:
        return False
    middles = [sum(place.span) / 2 / durations_s[place.video_id] for place in title.places]
    first = sum(middle <= TITLE_PLACE_SHARE for middle in middles)
    last = sum(middle >= 1.0 - TITLE_PLACE_SHARE for middle in middles)
    return max(first, last) >= MIN_PLACED_SHARE * len(middles)
