"""Of the scenes of a video the one whose decoded frame shows the picture best goes first."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.localise import Moment
from cbvir_core.search.findings import Candidate, Findings
from cbvir_core.search.judge import judge
from support.candidates import candidate, query_for


def looked_at(row: int, video: str, probability: float, fit: float | None, exact: bool = True) -> Candidate:
    """Return a candidate whose best frame fits so well; None where it was not looked at."""
    moment = None if fit is None else Moment(1.0, 1.0, fit, exact, 1, 1)
    return replace(candidate(row, video, 0.9, probability), moment=moment)


def first(*candidates: Candidate) -> int:
    """Return the row of the most probable candidate after judgement."""
    judged = judge(query_for(), Findings(candidates=candidates))
    return judged.candidates[judged.best_number].row


def test_the_frame_that_fits_better_goes_before_one_with_more_points_in_common() -> None:
    assert first(looked_at(0, "aa", 0.99, 0.95), looked_at(1, "aa", 0.96, 0.996)) == 1


def test_a_certain_frame_goes_before_a_scene_that_was_not_looked_at() -> None:
    assert first(looked_at(0, "aa", 0.99, None), looked_at(1, "aa", 0.96, 0.996)) == 1
    assert first(looked_at(0, "aa", 0.99, None), looked_at(1, "aa", 0.96, 0.95)) == 0


def test_a_frame_that_is_not_exact_never_goes_before_one_that_is() -> None:
    assert first(looked_at(0, "aa", 0.99, 0.9), looked_at(1, "aa", 0.96, 0.98, exact=False)) == 0


def test_scenes_of_other_videos_and_scenes_that_are_no_match_stay_behind() -> None:
    assert first(looked_at(0, "aa", 0.99, 0.9), looked_at(1, "bb", 0.96, 0.999)) == 0
    assert first(looked_at(0, "aa", 0.99, 0.9), looked_at(1, "aa", 0.5, 0.999)) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(0, 1), st.none() | st.floats(0, 1), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_probabilities_are_exchanged_and_never_made(
    scenes: list[tuple[str, float, float | None, bool]],
) -> None:
    query = query_for()
    candidates = [
        looked_at(row, video * 2, probability, fit, exact)
        for row, (video, probability, fit, exact) in enumerate(scenes)
    ]
    once = judge(query, Findings(candidates=tuple(candidates)))
    before = sorted(one.probability for one in candidates)
    assert sorted(one.probability for one in once.candidates) == before
    videos = {one.video.video_id for one in once.candidates if one.probability == before[-1]}
    assert videos & {one.video.video_id for one in candidates if one.probability == before[-1]}
    again = judge(query, once)
    assert [one.probability for one in again.candidates] == [one.probability for one in once.candidates]
