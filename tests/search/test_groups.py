"""Groups: a picture of many videos comes once, everything is kept, and the order stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search.groups import MANY, TWIN_COSINE, Group, grouped
from support.candidates import candidate, unit


def rows_of(groups: list[Group]) -> list[list[int]]:
    return [[one.keyframe.row for one in (group.first, *group.others)] for group in groups]


def test_a_title_card_does_not_push_out_the_others() -> None:
    found = [candidate(row, video, 0.9 - row / 100) for row, video in enumerate("abcdaefg")]
    same = [0.0, 0.01, 0.02, 0.0, 0.0, 1.0, 2.0, 0.01]  # row 4 is the card again, in the first's own video
    assert rows_of(grouped(found, unit(same))) == [[0, 1, 2, 3, 7], [4], [5], [6]]


def test_two_copies_are_no_group() -> None:
    found = [candidate(row, video, 0.5) for row, video in enumerate("abc")]
    assert rows_of(grouped(found, unit([0.0, 0.0, 1.0]))) == [[0], [1], [2]]


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([0.0, 0.1, 0.5, 1.5, 1.55])), max_size=20)
)
def test_nothing_is_lost_and_groups_are_what_they_say(scenes: list[tuple[str, float]]) -> None:
    found = [candidate(row, video, 1.0 - row / 50) for row, (video, _) in enumerate(scenes)]
    rows = unit([angle for _, angle in scenes])
    groups = grouped(found, rows)
    assert sorted(row for group in rows_of(groups) for row in group) == list(range(len(scenes)))
    firsts = [group.first.keyframe.row for group in groups]
    assert firsts == sorted(firsts)
    for group in groups:
        if group.others:
            assert len({one.video.video_id for one in (group.first, *group.others)}) >= MANY
        for other in group.others:
            assert rows[group.first.keyframe.row] @ rows[other.keyframe.row] >= TWIN_COSINE
            assert other.video.video_id != group.first.video.video_id
