from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cbvird.ingest.settle import GRACE_SETTLES, Settler

FILM = Path("/media/film.mp4")


def test_a_quiet_file_is_due_once_after_settle_s() -> None:
    settler = Settler(5.0)
    settler.saw(FILM, 100, 1, now=10.0)
    assert settler.due(14.9) == []
    assert settler.due(15.0) == [FILM]
    assert settler.due(99.0) == []
    assert len(settler) == 0


@pytest.mark.parametrize(("size", "mtime_ns"), [(200, 1), (100, 2), (50, 1)])
def test_any_change_starts_the_wait_anew(size: int, mtime_ns: int) -> None:
    settler = Settler(5.0)
    settler.saw(FILM, 100, 1, now=0.0)
    settler.saw(FILM, size, mtime_ns, now=4.0)
    assert settler.due(8.9) == []
    assert settler.due(9.0) == [FILM]


def test_the_same_look_again_does_not_prolong_the_wait() -> None:
    settler = Settler(5.0)
    for now in (0.0, 1.0, 2.0, 4.9):
        settler.saw(FILM, 100, 1, now)
    assert settler.due(5.0) == [FILM]


def test_an_incomplete_container_gets_grace_and_is_offered_in_the_end() -> None:
    settler = Settler(5.0, complete=lambda path: False)
    settler.saw(FILM, 100, 1, now=0.0)
    assert settler.due(5.0) == []
    assert settler.due(5.0 * GRACE_SETTLES - 0.1) == []
    assert settler.due(5.0 * GRACE_SETTLES) == [FILM]


def test_a_container_that_becomes_complete_is_due_at_the_next_look() -> None:
    answers = iter([False, False, True])
    settler = Settler(5.0, complete=lambda path: next(answers), grace_s=1000.0)
    settler.saw(FILM, 100, 1, now=0.0)
    assert [now for now in range(40) if settler.due(float(now))] == [15]


def test_completeness_is_not_asked_of_a_file_that_still_grows() -> None:
    asked: list[Path] = []

    def complete(path: Path) -> bool:
        asked.append(path)
        return False

    settler = Settler(5.0, complete=complete)
    for now in range(100):
        settler.saw(FILM, now, now, float(now))
        assert settler.due(float(now)) == []
    assert asked == []


def test_a_question_that_fails_leaves_the_file_to_the_worker() -> None:
    def unreadable(path: Path) -> bool:
        raise PermissionError(path)

    settler = Settler(5.0, complete=unreadable)
    settler.saw(FILM, 100, 1, now=0.0)
    assert settler.due(5.0) == [FILM]


def test_an_empty_file_is_given_time_to_be_filled() -> None:
    settler = Settler(5.0, complete=lambda path: True, grace_s=20.0)
    settler.saw(FILM, 0, 1, now=0.0)
    assert settler.due(19.0) == []
    assert settler.due(20.0) == [FILM]


def test_a_moved_file_keeps_its_wait_and_a_gone_one_is_forgotten() -> None:
    settler = Settler(5.0)
    settler.saw(FILM, 100, 1, now=0.0)
    settler.moved(FILM, Path("/media/other.mp4"))
    settler.saw(Path("/media/gone.mp4"), 1, 1, now=0.0)
    settler.gone(Path("/media/gone.mp4"))
    settler.gone(Path("/media/never.mp4"))
    assert settler.due(5.0) == [Path("/media/other.mp4")]


def test_next_at_says_when_due_has_something() -> None:
    settler = Settler(5.0)
    assert settler.next_at() is None
    settler.saw(FILM, 100, 1, now=3.0)
    assert settler.next_at() == 8.0
    assert settler.waiting() == [FILM]


RECORDING = Path("/media/recording.ts")


def recordings() -> Settler:
    return Settler(5.0, grows=lambda path: path == RECORDING)


def test_a_file_that_is_written_for_long_is_told_of_once_it_has_grown() -> None:
    settler = recordings()
    for path in (FILM, RECORDING):
        settler.saw(path, 100, 1, now=0.0)
    assert settler.growing() == []
    for path in (FILM, RECORDING):
        settler.saw(path, 90, 2, now=1.0)
    assert settler.growing() == []
    for path in (FILM, RECORDING):
        settler.saw(path, 120, 3, now=2.0)
    assert settler.growing() == [RECORDING]
    settler.saw(RECORDING, 120, 4, now=3.0)
    assert settler.growing() == [RECORDING]


def test_one_that_is_larger_than_when_it_was_due_has_grown() -> None:
    settler = recordings()
    settler.saw(RECORDING, 100, 1, now=0.0, before=100)
    assert settler.growing() == []
    settler.gone(RECORDING)
    settler.saw(RECORDING, 101, 2, now=0.0, before=100)
    assert settler.growing() == [RECORDING]


def test_one_that_has_grown_may_pause_for_as_long_as_an_incomplete_container() -> None:
    settler = recordings()
    settler.saw(RECORDING, 100, 1, now=0.0)
    settler.saw(RECORDING, 200, 2, now=1.0)
    assert settler.due(settler.grace_s) == []
    assert settler.due(1.0 + settler.grace_s) == [RECORDING]
    assert settler.growing() == []


def test_one_that_rests_is_a_file_like_any_other() -> None:
    settler = recordings()
    settler.saw(RECORDING, 100, 1, now=0.0)
    assert settler.due(5.0) == [RECORDING]


@given(st.lists(st.tuples(st.floats(0.01, 10.0), st.integers(0, 3)), min_size=1, max_size=40))
def test_a_file_is_never_due_within_settle_s_of_a_change(steps: list[tuple[float, int]]) -> None:
    settler = Settler(2.0, grace_s=2.0)
    now, changed_at, last = 0.0, 0.0, -1
    for wait, size in steps:
        now += wait
        if size != last or FILM not in settler.waiting():
            changed_at = now
        settler.saw(FILM, size, 0, now)
        last = size
        assert (FILM in settler.due(now)) == (now >= changed_at + 2.0)


class Growing(RuleBasedStateMachine):
    """Files that grow, move and vanish; a model knows when each was last changed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.incomplete: set[Path] = set()
        self.model: dict[Path, tuple[int, float]] = {}
        self.settler = Settler(3.0, complete=lambda path: path not in self.incomplete, grace_s=12.0)

    paths = st.sampled_from([Path(f"/v/{name}.mp4") for name in "abc"])

    @rule(path=paths, size=st.integers(1, 3))
    def saw(self, path: Path, size: int) -> None:
        if self.model.get(path, (None,))[0] != size:
            self.model[path] = (size, self.now)
        self.settler.saw(path, size, 0, self.now)

    @rule(path=paths)
    def gone(self, path: Path) -> None:
        self.settler.gone(path)
        self.model.pop(path, None)

    @rule(source=paths, goal=paths)
    def moved(self, source: Path, goal: Path) -> None:
        self.settler.moved(source, goal)
        if source in self.model:
            self.model[goal] = self.model.pop(source)

    @rule(path=paths)
    def toggle(self, path: Path) -> None:
        self.incomplete ^= {path}

    @rule(wait=st.integers(1, 8))
    def tick(self, wait: int) -> None:
        self.now += wait
        due = self.settler.due(self.now)
        assert len(due) == len(set(due))
        for path in due:
            _, since = self.model.pop(path)
            assert self.now >= since + (12.0 if path in self.incomplete else 3.0)

    @precondition(lambda self: self.model)
    @rule()
    def everything_ends(self) -> None:
        self.now += 12.0
        assert set(self.settler.due(self.now)) == set(self.model)
        self.model.clear()

    @invariant()
    def nothing_is_lost(self) -> None:
        assert set(self.settler.waiting()) == set(self.model)


TestGrowing = Growing.TestCase
