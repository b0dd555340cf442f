"""Table IV's figures by hand, and that no clip is found among its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import InputError
from cbvir_core.evaluate.actions import (
    DescribedActions,
    action_figures,
    evaluate_actions,
    plain_name,
    query_groups,
    was_learnt,
)
from cbvir_core.sequences import ActionClip, is_held_out


def test_the_figures_of_a_worked_example() -> None:
    """a asks and gets a a b; b asks and gets b; a asks again and gets nothing.

    Accuracy 3 of 4.  a: precision 2/2, recall 2/3, F1 4/5.  b: precision 1/2, recall 1/1, F1 2/3.
    Means: precision 3/4, recall 5/6, F1 11/15.  Results: 4 of three queries.
    """
    figures = action_figures(["a", "b", "a"], [["a", "a", "b"], ["b"], []])
    assert figures.accuracy == pytest.approx(3 / 4)
    assert (figures.precision, figures.recall) == pytest.approx((3 / 4, 5 / 6))
    assert figures.f1 == pytest.approx(11 / 15)
    assert figures.results == pytest.approx(4 / 3)
    with pytest.raises(ValueError, match="no query has a result"):
        action_figures(["a"], [[]])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from("abc"), max_size=5)), min_size=1))
def test_figures_lie_between_nothing_and_everything(given_results: list[tuple[str, list[str]]]) -> None:
    wanted, found = [one for one, _ in given_results], [each for _, each in given_results]
    if not any(found):
        return
    figures = action_figures(wanted, found)
    assert all(0 <= value <= 1 for value in (figures.accuracy, figures.precision, figures.recall, figures.f1))
    perfect = action_figures(wanted, [[query] for query in wanted])
    assert (perfect.accuracy, perfect.precision, perfect.recall, perfect.f1) == (1, 1, 1, 1)


def clip(action: str, group: str, number: int = 0) -> ActionClip:
    return ActionClip(Path(f"{action}-{group}-{number}.avi"), action, group)


def test_one_group_in_ten_asks_and_a_class_of_one_group_does_not() -> None:
    clips = [clip("walk", f"g{number}") for number in range(30)] + [
        clip("alone", "g0"),
        clip("alone", "g0", 1),
    ]
    chosen = query_groups(clips)
    assert len(chosen) == 3
    assert all(action == "walk" for action, _ in chosen)
    assert len(query_groups(clips[:2])) == 1


def described(rng: np.random.Generator, spread: float, groups: int = 12) -> DescribedActions:
    """Clips of four classes around their own directions, at random lengths; `spread` is the noise."""
    clips, rows = [], []
    for number, action in enumerate(["run", "Walk_Dog", "swim", "dive"]):
        for group in range(groups):
            for copy in range(2):
                clips.append(clip(action, f"{action}/g{group}", copy))
                centre = np.eye(4, 8)[number] * rng.uniform(3, 4)
                rows.append(centre + rng.normal(scale=spread, size=8))
    return DescribedActions(clips, {"made": np.array(rows, np.float32)})


def test_separate_classes_are_found_whatever_was_learnt() -> None:
    results = evaluate_actions(described(np.random.default_rng(0), 0.02), ["walkdog", "RUN"])
    assert [(one.part, one.ranking) for one in results] == [
        ("seen", "Euclidean"),
        ("seen", "PAR"),
        ("unseen", "Euclidean"),
        ("unseen", "PAR"),
    ]
    assert all((one.accuracy, one.f1, one.results) == (1.0, 1.0, 5.0) for one in results)
    assert all(one.queries == 4 and one.gallery == 44 for one in results)
    assert results[0].threshold is None
    assert results[1].threshold is not None


def test_where_lengths_mislead_re_ranking_is_right_more_often() -> None:
    """Each class has its own direction, but short vectors of all classes are near to each other."""
    rng, clips, rows = np.random.default_rng(3), [], []
    for number, action in enumerate("abc"):
        for group in range(60):
            clips.append(clip(action, f"{action}/g{group}"))
            rows.append(np.eye(3, 6)[number] * rng.uniform(0.02, 1.5) + rng.normal(scale=0.01, size=6))
    plain, kept = evaluate_actions(DescribedActions(clips, {"made": np.array(rows, np.float32)}), [])
    assert (plain.ranking, kept.ranking) == ("Euclidean", "PAR")
    assert plain.results == 5.0
    assert kept.results < plain.results
    assert kept.accuracy > plain.accuracy + 0.02


def test_of_unit_rows_the_table_says_that_it_is_a_cut_off() -> None:
    made = described(np.random.default_rng(2), 0.3)
    rows = made.vectors["made"]
    unit = DescribedActions(made.clips, {"made": rows / np.linalg.norm(rows, axis=1, keepdims=True)})
    assert {one.ranking for one in evaluate_actions(unit, ["run"])} == {"Euclidean", "PAR, a cut-off"}
    with pytest.raises(InputError, match="two groups"):
        evaluate_actions(made.part([0, 1]), [])


def test_a_clip_of_the_querys_group_is_not_in_the_gallery() -> None:
    """Two clips of each group are the same point, and groups are far apart: only groups could be found."""
    clips = [
        clip(action, f"{action}/g{group}", copy) for action in "ab" for group in range(2) for copy in range(2)
    ]
    rows = np.array([[number // 2 * 10.0, 1.0] for number in range(8)], np.float32)
    (result, *_) = evaluate_actions(DescribedActions(clips, {"made": rows}), [])
    assert result.gallery == 4
    assert result.accuracy < 1.0


def test_which_clips_a_model_has_learnt() -> None:
    held = next(f"g{number}" for number in range(99) if is_held_out(f"g{number}", 10))
    learnt = next(f"g{number}" for number in range(99) if not is_held_out(f"g{number}", 10))
    assert was_learnt(clip("run", learnt), ["run"], 10)
    assert not was_learnt(clip("run", held), ["run"], 10)
    assert not was_learnt(clip("swim", learnt), ["run"], 10)
    assert plain_name("Walk_Dog 2") == "walkdog2"
