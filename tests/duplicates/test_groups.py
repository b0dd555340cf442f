"""The kinds: copies, excerpts, title sequences, compilations and other reuse, by rules."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.duplicates import DuplicateGroup, DuplicateKind, duplicate_groups
from cbvir_core.duplicates.connected import ConnectedSets
from cbvir_core.duplicates.joining import joined_segments
from cbvir_core.store import SharedSegment
from cbvir_core.types import Span, VideoId

A, B, C, D, E = (VideoId(name) for name in "abcde")
HOUR = dict.fromkeys([A, B, C, D, E], 3600.0)


def shared(first: VideoId, first_span: Span, second: VideoId, second_start_s: float) -> SharedSegment:
    length_s = first_span[1] - first_span[0]
    return SharedSegment(first, first_span, second, (second_start_s, second_start_s + length_s))


def videos(group: DuplicateGroup) -> list[VideoId]:
    return [place.video_id for place in group.places]


def test_copies_of_copies_are_one_group() -> None:
    found = [shared(B, (2.0, 3500.0), A, 2.0), shared(C, (0.0, 3400.0), B, 0.0)]
    (group,) = duplicate_groups(found, HOUR)
    assert group.kind is DuplicateKind.COPY
    assert videos(group) == [A, B, C]
    assert group.shared_s == pytest.approx(3498.0)


def test_a_copy_may_be_known_in_parts() -> None:
    found = [shared(B, (at, at + 500.0), A, at + 3.0) for at in range(0, 3500, 510)]
    (group,) = duplicate_groups(found, HOUR)
    assert group.kind is DuplicateKind.COPY


def test_an_excerpt_is_named_first_with_all_that_it_lies_in() -> None:
    lengths = HOUR | {C: 60.0}
    found = [shared(C, (1.0, 58.0), A, 1000.0), shared(C, (0.0, 60.0), B, 5.0)]
    (group,) = duplicate_groups(found, lengths)
    assert group.kind is DuplicateKind.EXCERPT
    assert videos(group) == [C, A, B]
    assert group.places[1].span == (1000.0, 1057.0)


def test_a_title_sequence_is_told_from_reuse() -> None:
    starts_s = {A: 0.0, B: 95.0, C: 30.0, D: 61.0}
    found = [
        shared(one, (starts_s[one], starts_s[one] + 40.0), other, starts_s[other])
        for one, other in combinations(starts_s, 2)
    ]
    reuse = shared(A, (2000.0, 2030.0), B, 500.0)
    title, other = duplicate_groups([*found, reuse], HOUR)
    assert title.kind is DuplicateKind.TITLE
    assert {place.video_id: place.span[0] for place in title.places} == starts_s
    assert len(title.segments) == 6
    assert other.kind is DuplicateKind.REUSE
    assert other.segments == (reuse,)


def test_titles_need_three_videos_one_end_and_a_short_time() -> None:
    pair = [shared(A, (0.0, 30.0), B, 0.0)]
    middle = [shared(one, (1800.0, 1830.0), other, 1800.0) for one, other in combinations([A, B, C], 2)]
    long = [shared(one, (0.0, 400.0), other, 0.0) for one, other in combinations([A, B, C], 2)]
    ends = [
        shared(A, (0.0, 30.0), B, 3500.0),
        shared(A, (0.0, 30.0), C, 1800.0),
        shared(B, (3500.0, 3530.0), C, 1800.0),
    ]
    for found in (pair, middle, long, ends):
        assert {group.kind for group in duplicate_groups(found, HOUR)} == {DuplicateKind.REUSE}


def test_credits_at_the_end_are_a_title_sequence_too() -> None:
    found = [shared(one, (3550.0, 3590.0), other, 3550.0) for one, other in combinations([A, B, C], 2)]
    (group,) = duplicate_groups(found, HOUR)
    assert group.kind is DuplicateKind.TITLE


def test_a_compilation_comes_from_parts_of_several() -> None:
    lengths = HOUR | {E: 100.0}
    found = [
        shared(E, (0.0, 30.0), A, 1000.0),
        shared(E, (30.0, 60.0), B, 300.0),
        shared(E, (62.0, 90.0), C, 2000.0),
    ]
    (group,) = duplicate_groups(found, lengths)
    assert group.kind is DuplicateKind.COMPILATION
    assert videos(group) == [E, A, B, C]
    assert group.shared_s == pytest.approx(88.0)


def test_parts_of_one_film_and_its_copy_are_no_compilation() -> None:
    lengths = HOUR | {E: 100.0}
    copy = shared(B, (0.0, 3600.0), A, 0.0)
    found = [copy, shared(E, (0.0, 60.0), A, 1000.0), shared(E, (0.0, 60.0), B, 1000.0)]
    kinds = [group.kind for group in duplicate_groups(found, lengths)]
    assert kinds == [DuplicateKind.COPY, DuplicateKind.REUSE, DuplicateKind.REUSE]


def test_a_film_with_quotations_is_no_compilation() -> None:
    found = [shared(E, (0.0, 300.0), A, 0.0), shared(E, (700.0, 1000.0), B, 0.0)]
    assert {group.kind for group in duplicate_groups(found, HOUR)} == {DuplicateKind.REUSE}


def test_what_is_shorter_than_asked_for_or_of_unknown_videos_is_left_out() -> None:
    found = [shared(A, (0.0, 4.0), B, 9.0), shared(A, (50.0, 60.0), VideoId("x"), 0.0)]
    assert duplicate_groups(found, HOUR, 5.0) == []
    assert len(duplicate_groups(found, HOUR, 3.0)) == 1


names = st.sampled_from([A, B, C, D, E])
spans = st.tuples(st.integers(0, 3000), st.integers(3, 600)).map(lambda s: (float(s[0]), float(s[0] + s[1])))
random_segments = (
    st.tuples(names, spans, names, st.integers(0, 2900).map(float))
    .filter(lambda one: one[0] != one[2])
    .map(lambda one: shared(*one))
)
lengths = st.fixed_dictionaries(dict.fromkeys([A, B, C, D, E], st.sampled_from([700.0, 1800.0, 3600.0])))


@given(st.lists(random_segments, max_size=25), lengths)
def test_every_segment_is_in_one_group(found: list[SharedSegment], durations_s: dict[VideoId, float]) -> None:
    groups = duplicate_groups(found, durations_s)
    grouped = [one for group in groups for one in group.segments]
    assert sorted(map(repr, grouped)) == sorted(map(repr, set(joined_segments(found))))
    for group in groups:
        named = {video for one in group.segments for video in (one.first, one.second)}
        assert sorted(videos(group)) == sorted(named)
        assert len(named) >= (3 if group.kind in (DuplicateKind.TITLE, DuplicateKind.COMPILATION) else 2)
    order = list(DuplicateKind)
    assert [order.index(group.kind) for group in groups] == sorted(
        order.index(group.kind) for group in groups
    )
    assert duplicate_groups(found[::-1], durations_s) == groups


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=40))
def test_connected_sets_are_those_of_a_search(edges: list[tuple[int, int]]) -> None:
    connected = ConnectedSets[int]()
    near: dict[int, set[int]] = {}
    for one, other in edges:
        connected.join(one, other)
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)

    def reached(start: int) -> set[int]:
        seen, ahead = {start}, [start]
        while ahead:
            for other in near[ahead.pop()] - seen:
                seen.add(other)
                ahead.append(other)
        return seen

    assert sorted(map(sorted, connected.sets())) == sorted(
        map(list, {tuple(sorted(reached(o))) for o in near})
    )
