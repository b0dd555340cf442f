"""Scenes that show the same picture: groups of them, and margins to other scenes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search.groups import (
    MIN_GROUP_VIDEOS,
    SAME_PICTURE_COSINE,
    grouped,
    score_margins,
    show_same_picture,
)
from support.candidates import scene, unit

SCENE = st.tuples(st.sampled_from("abcde"), st.floats(0, 1), st.sampled_from([0.0, 0.1, 1.5]), st.booleans())
"""Video, score, the direction of the still's descriptor, and whether local features agree."""


def test_a_title_card_does_not_push_out_the_others() -> None:
    scenes = [scene(row, video, 0.9 - row / 100) for row, video in enumerate("abcdaefg")]
    same = [0.0, 0.01, 0.02, 0.0, 0.0, 1.0, 2.0, 0.01]  # row 4 is the card again, in the first's own video
    assert grouped(scenes, unit(same)) == [[0, 1, 2, 3, 7], [4], [5], [6]]


def test_two_copies_are_no_group() -> None:
    scenes = [scene(row, video, 0.5) for row, video in enumerate("abc")]
    assert grouped(scenes, unit([0.0, 0.0, 1.0])) == [[0], [1], [2]]


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([0.0, 0.1, 0.5, 1.5, 1.55])), max_size=20)
)
def test_nothing_is_lost_and_groups_show_one_picture(drawn: list[tuple[str, float]]) -> None:
    scenes = [scene(row, video, 1.0 - row / 50) for row, (video, _) in enumerate(drawn)]
    rows = unit([angle for _, angle in drawn])
    groups = grouped(scenes, rows)
    assert sorted(number for group in groups for number in group) == list(range(len(scenes)))
    firsts = [first for first, *_ in groups]
    assert firsts == sorted(firsts)
    for first, *others in groups:
        if others:
            assert len({scenes[number].video.video_id for number in (first, *others)}) >= MIN_GROUP_VIDEOS
        for other in others:
            assert rows[first] @ rows[other] >= SAME_PICTURE_COSINE
            assert scenes[other].video.video_id != scenes[first].video.video_id


def test_a_margin_is_to_the_best_of_another_video() -> None:
    drawn = [("a", 0.9), ("a", 0.8), ("b", 0.7), ("b", 0.2)]
    scenes = [scene(row, video, score) for row, (video, score) in enumerate(drawn)]
    assert score_margins(scenes) == pytest.approx([0.2, 0.1, -0.2, -0.7])
    assert score_margins(scenes[:2]) == pytest.approx([0.9, 0.8])  # no other video: as if it had nothing
    assert score_margins([]) == []


@given(st.lists(SCENE, max_size=25))
def test_a_margin_leaves_out_what_shows_the_same(drawn: list[tuple[str, float, float, bool]]) -> None:
    scenes = [scene(row, video, score) for row, (video, score, _, _) in enumerate(drawn)]
    rows = unit([angle for _, _, angle, _ in drawn])
    agree = [agrees for _, _, _, agrees in drawn]
    made = score_margins(scenes, show_same_picture(rows, np.array(agree, np.bool_)))
    for here, one in enumerate(scenes):
        rivals = [
            other.score
            for there, other in enumerate(scenes)
            if other.video.video_id != one.video.video_id
            and not (agree[here] and agree[there])
            and rows[here] @ rows[there] < SAME_PICTURE_COSINE
        ]
        assert made[here] == pytest.approx(one.score - max(rivals, default=0.0))


@given(st.lists(SCENE, max_size=25))
def test_no_margin_is_less_than_that_to_any_other_video(
    drawn: list[tuple[str, float, float, bool]],
) -> None:
    scenes = [scene(row, video, score) for row, (video, score, _, _) in enumerate(drawn)]
    agree = np.array([agrees for _, _, _, agrees in drawn], np.bool_)
    made = score_margins(scenes, show_same_picture(unit([angle for _, _, angle, _ in drawn]), agree))
    for here, (one, usual) in enumerate(zip(scenes, score_margins(scenes), strict=True)):
        others = [other.score for other in scenes if other.video.video_id != one.video.video_id]
        assert usual == pytest.approx(one.score - max(others, default=0.0))
        assert made[here] >= usual - 1e-9
