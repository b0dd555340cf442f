"""Pieces of one segment become one again, whatever their order; others stay apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.duplicates.joining import JOIN_GAP_S, JOIN_OFF_S, joined_segments, swapped
from cbvir_core.duplicates.spans import covered_s, overlap_share, span_length
from cbvir_core.duplicates.still_pairs import time_in_second
from cbvir_core.store import SharedSegment
from cbvir_core.types import Span, VideoId

A, B, C = VideoId("a"), VideoId("b"), VideoId("c")

times = st.floats(0, 5000).map(lambda value: round(value, 1))
lengths = st.floats(2, 600).map(lambda value: round(value, 1))
spans = st.tuples(times, lengths).map(lambda one: (one[0], one[0] + one[1]))


def shared(
    first_span: Span, second_start_s: float, speed: float = 1.0, *, back: bool = False
) -> SharedSegment:
    second_span = second_start_s, second_start_s + speed * span_length(first_span)
    return SharedSegment(A, first_span, B, second_span, speed, back)


segments = st.builds(shared, spans, times, st.sampled_from([0.8, 1.0, 1.25]), back=st.booleans())


def pieces(whole: SharedSegment, cuts_s: list[float]) -> list[SharedSegment]:
    """The segment cut at times of its first video; each piece reaches over the end of the one before."""
    ends = sorted({whole.first_span[0], *cuts_s, whole.first_span[1]})
    found = []
    for start_s, end_s in pairwise(ends):
        start_s = max(whole.first_span[0], start_s - 1.0)
        second = sorted((time_in_second(whole, start_s), time_in_second(whole, end_s)))
        found.append(replace(whole, first_span=(start_s, end_s), second_span=(second[0], second[1])))
    return found


@given(segments, st.lists(st.floats(0.05, 0.95), max_size=6), st.randoms())
def test_pieces_become_the_whole_again(whole: SharedSegment, shares: list[float], random: object) -> None:
    length_s = span_length(whole.first_span)
    cut = pieces(whole, [whole.first_span[0] + share * length_s for share in shares])
    random.shuffle(cut)  # type: ignore[attr-defined]
    (one,) = joined_segments(cut)
    assert one.first_span == pytest.approx(whole.first_span)
    assert one.second_span == pytest.approx(whole.second_span)
    assert one.speed == pytest.approx(whole.speed, rel=1e-3)
    assert one.is_reversed == whole.is_reversed


@given(st.lists(segments, max_size=12))
def test_joining_loses_no_second_and_changes_nothing_the_second_time(found: list[SharedSegment]) -> None:
    joined = joined_segments(found)
    assert len(joined) <= len(found)
    for one in found:
        assert any(
            other.first_span[0] <= one.first_span[0] and one.first_span[1] <= other.first_span[1]
            for other in joined
        )
    assert joined_segments(joined) == joined
    assert joined_segments(found[::-1]) == joined


@given(segments)
def test_which_video_is_the_first_makes_no_difference(one: SharedSegment) -> None:
    assert joined_segments([swapped(one)])[0].first == A
    back = swapped(swapped(one))
    assert (back.first_span, back.second_span) == (one.first_span, one.second_span)
    assert back.speed == pytest.approx(one.speed)


def test_what_goes_on_elsewhere_stays_apart() -> None:
    first = shared((10.0, 20.0), 100.0)
    late = shared((20.0, 30.0), 110.0 + 2 * JOIN_OFF_S)
    far = shared((20.0 + 2 * JOIN_GAP_S, 40.0), 110.0 + 2 * JOIN_GAP_S)
    backwards = shared((20.0, 30.0), 110.0, back=True)
    other = replace(shared((20.0, 30.0), 110.0), second=C)
    for one in (late, far, backwards, other):
        assert len(joined_segments([first, one])) == 2
    assert len(joined_segments([first, shared((20.0, 30.0), 110.0)])) == 1


@given(st.lists(spans, max_size=8))
def test_what_spans_cover_together_is_counted_once(some: list[Span]) -> None:
    tenths = {tenth for start, end in some for tenth in range(round(start * 10), round(end * 10))}
    assert covered_s(some) == pytest.approx(len(tenths) / 10, abs=1e-3)


@given(spans, spans)
def test_the_share_of_an_overlap_is_symmetric_and_whole_for_the_same(one: Span, other: Span) -> None:
    assert overlap_share(one, other) == overlap_share(other, one) <= 1.0
    assert overlap_share(one, one) == 1.0
