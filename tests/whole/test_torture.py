"""The trial of kills in its short form, and that it can lose."""

from __future__ import annotations

from collections import Counter

import pytest

from torture import kills
from torture.__main__ import table
from torture.kills import START_LIMIT_S, Answers, KillTally, kill_often

KILLS = 3


def test_kills_lose_nothing_double_nothing_and_change_no_answer() -> None:
    tally = kill_often(KILLS, seed=7, told=lambda said: None, count=2)
    assert tally.survived, tally
    assert tally.kills.total() == KILLS
    assert f"| kills, all | {KILLS} |" in table([tally])


@pytest.mark.parametrize(
    "tally",
    [
        KillTally(faults=["row 1 is gone"]),
        KillTally(rows_lost=1),
        KillTally(rows_doubled=1),
        KillTally(answers_changed=1),
        KillTally(longest_start_s=START_LIMIT_S + 1),
    ],
)
def test_each_loss_counts(tally: KillTally) -> None:
    assert not tally.survived
    assert KillTally(Counter(asking=3), longest_start_s=1.0).survived


@pytest.mark.parametrize(
    ("found", "lost", "doubled", "changed"),
    [
        ([("a", 0.0), ("b", 1.0), ("a", "match"), ("b", "match")], 0, 0, 0),
        ([("a", 0.0), ("a", "match"), ("b", "match")], 1, 0, 0),
        ([("a", 0.0), ("a", 0.0), ("b", 1.0), ("a", "match"), ("b", "match")], 0, 1, 0),
        ([("a", 0.0), ("b", 1.0), ("a", "match"), ("b", "none")], 0, 0, 1),
    ],
)
def test_keyframes_and_answers_are_compared(
    found: list[tuple[object, ...]], lost: int, doubled: int, changed: int
) -> None:
    expected: Answers = {"film": [("a", 0.0), ("b", 1.0), ("a", "match"), ("b", "match")]}
    tally = KillTally()
    kills._compare(expected, {"film": found}, tally)
    assert (tally.rows_lost, tally.rows_doubled, tally.answers_changed) == (lost, doubled, changed)
