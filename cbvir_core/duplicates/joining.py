"""Shared segments that are pieces of one, found in stretches that follow one another or overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cbvir_core.store import SharedSegment
from cbvir_core.types import Span

JOIN_GAP_S = 5.0
"""Seconds between two pieces in which nothing need be found: a fade, or a shot that hardly moves."""

JOIN_OFF_S = 1.0
"""Seconds by which the second piece may lie beside where the first one leads."""


def swapped(segment: SharedSegment) -> SharedSegment:
    """Return the same segment with its videos exchanged."""
    return replace(
        segment,
        first=segment.second,
        first_span=segment.second_span,
        second=segment.first,
        second_span=segment.first_span,
        speed=1.0 / segment.speed if segment.speed > 0 else 0.0,
    )


def joined_segments(segments: Iterable[SharedSegment]) -> list[SharedSegment]:
    """Return the segments with those joined that are pieces of one, by their videos and in order of time.

    The first video of each is the one whose id comes first.
    """
    pairs: dict[tuple[str, str], list[SharedSegment]] = defaultdict(list)
    for one in segments:
        ordered = one if one.first <= one.second else swapped(one)
        pairs[ordered.first, ordered.second].append(ordered)
    return [one for key in sorted(pairs) for one in _joined_of_pair(pairs[key])]


def _joined_of_pair(segments: Sequence[SharedSegment]) -> list[SharedSegment]:
    """Return the segments of two videos, joined; again until nothing is joined any more."""
    found, before = _joined_once(segments), len(segments)
    while len(found) < before:
        before, found = len(found), _joined_once(found)
    return found


def _joined_once(segments: Sequence[SharedSegment]) -> list[SharedSegment]:
    found: list[SharedSegment] = []
    open_from = 0
    for one in sorted(segments, key=_place):
        while open_from < len(found) and not _reaches(found[open_from], one):
            open_from += 1
        for number in range(len(found) - 1, open_from - 1, -1):
            if _leads_to(found[number], one):
                found[number] = _joined(found[number], one)
                break
        else:
            found.append(one)
    return sorted(found, key=_place)


def _place(segment: SharedSegment) -> tuple[float, ...]:
    """Return what segments of two videos are put in order by: the time, and whatever else differs."""
    rest = segment.is_reversed, segment.speed, segment.similarity, segment.probability
    return (*segment.first_span, *segment.second_span, *rest)


def _reaches(one: SharedSegment, other: SharedSegment) -> bool:
    return other.first_span[0] <= one.first_span[1] + JOIN_GAP_S


def _leads_to(one: SharedSegment, other: SharedSegment) -> bool:
    """Return whether the second video goes on in `other`, which begins later, as it does in `one`."""
    if one.is_reversed != other.is_reversed or not _reaches(one, other):
        return False
    if not _near(one.second_span, other.second_span):
        return False
    after_s = other.first_span[0] - one.first_span[0]
    if one.is_reversed:
        expected_s = one.second_span[1] - one.speed * after_s
        return abs(expected_s - other.second_span[1]) <= JOIN_OFF_S
    expected_s = one.second_span[0] + one.speed * after_s
    return abs(expected_s - other.second_span[0]) <= JOIN_OFF_S


def _near(one: Span, other: Span) -> bool:
    return other[0] <= one[1] + JOIN_GAP_S and one[0] <= other[1] + JOIN_GAP_S


def _joined(one: SharedSegment, other: SharedSegment) -> SharedSegment:
    lengths = [max(1e-3, segment.first_span[1] - segment.first_span[0]) for segment in (one, other)]
    similarity = sum(
        length * segment.similarity for length, segment in zip(lengths, (one, other), strict=True)
    ) / sum(lengths)
    first_span = one.first_span[0], max(one.first_span[1], other.first_span[1])
    second_span = (
        min(one.second_span[0], other.second_span[0]),
        max(one.second_span[1], other.second_span[1]),
    )
    length_s = max(1e-3, first_span[1] - first_span[0])
    return replace(
        one,
        first_span=first_span,
        second_span=second_span,
        speed=(second_span[1] - second_span[0]) / length_s,
        similarity=similarity,
        probability=max(one.probability, other.probability),
    )
