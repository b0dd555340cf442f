"""Groups: what all shared segments of a library come to, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cbvir_core.duplicates.connected import ConnectedSets
from cbvir_core.duplicates.joining import joined_segments
from cbvir_core.duplicates.kinds import (
    DuplicateGroup,
    DuplicateKind,
    VideoPlace,
    compiled_from,
    other_video,
    pair_kind,
    shared_share,
    span_in,
)
from cbvir_core.duplicates.spans import covered_s, span_length
from cbvir_core.duplicates.titles import find_titles
from cbvir_core.store import SharedSegment
from cbvir_core.types import VideoId

PairOfVideos = tuple[VideoId, VideoId]
SegmentsOfPairs = Mapping[PairOfVideos, Sequence[SharedSegment]]


def duplicate_groups(
    segments: Iterable[SharedSegment], durations_s: Mapping[VideoId, float], min_s: float = 0.0
) -> list[DuplicateGroup]:
    """Return the groups of segments of at least `min_s` seconds, by kind and the longest first.

    `durations_s` has the length of each video; segments of other videos are left out.  Every segment is in
    one group.
    """
    kept = [
        one
        for one in joined_segments(segments)
        if one.first in durations_s and one.second in durations_s and _shorter_s(one) >= min_s
    ]
    pairs = _by_pair(kept)
    kinds = {pair: pair_kind(own, durations_s) for pair, own in pairs.items()}
    groups = [*_copies(pairs, kinds), *_excerpts(pairs, kinds)]
    rest = [one for pair, own in pairs.items() if kinds[pair][0] is None for one in own]
    for title in find_titles(rest, durations_s):
        shared_s = span_length(title.places[0].span)
        groups.append(DuplicateGroup(DuplicateKind.TITLE, title.places, title.segments, shared_s))
    rest = _not_in(rest, groups)
    groups += _compilations(rest, durations_s)
    rest = _not_in(rest, groups)
    groups += [_group(DuplicateKind.REUSE, own, pair) for pair, own in _by_pair(rest).items()]
    order = list(DuplicateKind)
    return sorted(groups, key=lambda one: (order.index(one.kind), -one.shared_s, one.places[0].video_id))


def _copies(
    pairs: SegmentsOfPairs, kinds: Mapping[PairOfVideos, tuple[DuplicateKind | None, VideoId]]
) -> list[DuplicateGroup]:
    """Return the sets of videos that are copies of each other."""
    copies = [pair for pair in pairs if kinds[pair][0] is DuplicateKind.COPY]
    connected = ConnectedSets[VideoId]()
    for pair in copies:
        connected.join(*pair)
    own: dict[VideoId, list[SharedSegment]] = defaultdict(list)
    for pair in copies:
        own[connected.find(pair[0])] += pairs[pair]
    return [
        _group(DuplicateKind.COPY, own[connected.find(videos[0])], sorted(videos))
        for videos in connected.sets()
    ]


def _excerpts(
    pairs: SegmentsOfPairs, kinds: Mapping[PairOfVideos, tuple[DuplicateKind | None, VideoId]]
) -> list[DuplicateGroup]:
    """Return each excerpt with all videos that it is an excerpt of."""
    own: dict[VideoId, list[SharedSegment]] = defaultdict(list)
    for pair, (kind, excerpt) in kinds.items():
        if kind is DuplicateKind.EXCERPT:
            own[excerpt] += pairs[pair]
    return [_group_of(DuplicateKind.EXCERPT, excerpt, segments) for excerpt, segments in own.items()]


def _compilations(
    segments: Sequence[SharedSegment], durations_s: Mapping[VideoId, float]
) -> list[DuplicateGroup]:
    """Return the compilations; a segment belongs to the one of which most comes from others."""
    groups: list[DuplicateGroup] = []
    left, by_video = set(segments), _by_video(segments)
    shares = {video: shared_share(own, video, durations_s[video]) for video, own in by_video.items()}
    for video in sorted(shares, key=lambda one: (-shares[one], one)):
        own = [one for one in by_video[video] if one in left]
        sources = compiled_from(own, video, durations_s[video])
        own = [one for one in own if other_video(one, video) in sources]
        if own:
            groups.append(_group_of(DuplicateKind.COMPILATION, video, own))
            left.difference_update(own)
    return groups


def _by_pair(segments: Iterable[SharedSegment]) -> dict[PairOfVideos, list[SharedSegment]]:
    pairs: dict[PairOfVideos, list[SharedSegment]] = defaultdict(list)
    for one in segments:
        pairs[one.first, one.second].append(one)
    return pairs


def _by_video(segments: Iterable[SharedSegment]) -> dict[VideoId, list[SharedSegment]]:
    found: dict[VideoId, list[SharedSegment]] = defaultdict(list)
    for one in segments:
        found[one.first].append(one)
        found[one.second].append(one)
    return found


def _not_in(segments: Iterable[SharedSegment], groups: Iterable[DuplicateGroup]) -> list[SharedSegment]:
    """Return the segments that are in no group."""
    grouped = {one for group in groups for one in group.segments}
    return [one for one in segments if one not in grouped]


def _group_of(kind: DuplicateKind, video: VideoId, segments: Sequence[SharedSegment]) -> DuplicateGroup:
    """Return a group whose first video is this one."""
    others = sorted({other_video(one, video) for one in segments})
    return _group(kind, segments, [video, *others])


def _group(
    kind: DuplicateKind, segments: Sequence[SharedSegment], videos: Sequence[VideoId]
) -> DuplicateGroup:
    by_video = _by_video(segments)
    spans = {video: [span_in(one, video) for one in by_video[video]] for video in videos}
    places = tuple(
        VideoPlace(video, (min(s for s, _ in spans[video]), max(e for _, e in spans[video])))
        for video in videos
    )
    return DuplicateGroup(kind, places, tuple(segments), covered_s(spans[videos[0]]))


def _shorter_s(segment: SharedSegment) -> float:
    return min(span_length(segment.first_span), span_length(segment.second_span))
