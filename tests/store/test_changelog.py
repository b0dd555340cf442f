"""The change log: a reader that follows it has the store's rows, however it is trimmed meanwhile."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cbvir_core.store import Generation, Store, changelog
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import unpack_number
from cbvir_core.types import Keyframe, VideoId, VideoInfo
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

REPOSITORY = Path(__file__).resolve().parents[2]
A = VideoId("aa11")


@pytest.fixture
def filled(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> list[int]:
    store.begin(info("aa11"))
    return store.append(A, keyframes(6), generation, unit_rows(6))


def log_of(store: Store) -> list[int]:
    with store._environment.read() as txn:
        return [unpack_number(key) for key in txn.keys(Table.CHANGES, b"\0")]


def test_the_log_lists_what_is_new(
    store: Store, filled: list[int], generation: Generation, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    changes = store.changes(generation, 0)
    assert changes.added.tolist() == filled
    assert changes.last == store.last_change()
    nothing = store.changes(generation, changes.last)
    assert (nothing.last, len(nothing.added), len(nothing.forgotten)) == (changes.last, 0, 0)
    more = store.append(A, keyframes(1), generation, unit_rows(1))
    store.forget(A)
    after = store.changes(generation, changes.last)
    assert (after.added.tolist(), after.forgotten.tolist()) == (more, filled + more)
    assert after.added.dtype == np.int64
    assert not after.whole


def test_whole_batches_go_and_the_newest_change_stays(store: Store, filled: list[int]) -> None:
    assert store.trim_changes(3, batch=4) == 0
    assert store.trim_changes(5, batch=4) == 4
    assert log_of(store) == [5, 6]
    assert store.trim_changes(6, batch=2) == 0
    assert store.trim_changes(6, batch=1) == 1
    assert store.trim_changes(6, batch=1) == 0
    assert (log_of(store), store.last_change()) == ([6], 6)


def test_an_empty_log_is_not_trimmed(store: Store) -> None:
    assert store.trim_changes(100, batch=1) == 0


def test_a_reader_behind_the_log_gets_every_row(
    store: Store, filled: list[int], generation: Generation, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    other = store.generation("filter-b", None)
    store.put_filter(other, filled[:2], unit_rows(2, dim=7))
    store.trim_changes(4, batch=4)
    behind, level = store.changes(generation, 3), store.changes(generation, 4)
    assert (behind.whole, behind.added.tolist(), behind.last) == (True, filled, 8)
    assert (level.whole, level.added.tolist()) == (False, filled[4:])
    assert store.changes(other, 0).added.tolist() == filled[:2]
    store.forget(A)
    assert store.changes(generation, 0).added.tolist() == []


@pytest.mark.parametrize("trimmed", [0, 2])
@pytest.mark.parametrize("moment", range(1, 9))
def test_trimming_and_changing_while_the_log_is_read(
    store: Store,
    filled: list[int],
    generation: Generation,
    keyframes: MakeKeyframes,
    unit_rows: MakeRows,
    info: MakeInfo,
    monkeypatch: pytest.MonkeyPatch,
    moment: int,
    trimmed: int,
) -> None:
    """Whatever happens between two batches of a reader: it gets every row once, now or with the next call."""
    monkeypatch.setattr(changelog, "READ_BATCH_CHANGES", 2)
    store.trim_changes(trimmed, batch=2)
    read, calls = store._environment.read, 0

    def interrupted() -> AbstractContextManager[Transaction]:
        nonlocal calls
        calls += 1
        if calls == moment:
            store.begin(info("bb22"))
            store.append(VideoId("bb22"), keyframes(3), generation, unit_rows(3))
            store.forget(A)
            while store.trim_changes(store.last_change(), batch=1):
                pass
        return read()

    with monkeypatch.context() as patch:
        patch.setattr(store._environment, "read", interrupted)
        changes = store.changes(generation, 0)
    held = set(changes.added.tolist()) - set(changes.forgotten.tolist())
    assert len(changes.added) == len(set(changes.added.tolist()))
    later = store.changes(generation, changes.last)
    if later.whole:
        held = set()
    held = (held | set(later.added.tolist())) - set(later.forgotten.tolist())
    rows = [row.row for video in store.videos() for row in store.keyframes(video.video_id)]
    assert held == set(rows)


class Following(RuleBasedStateMachine):
    """A store that is appended to, forgotten from, trimmed and reopened; two readers at their own pace."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name), first_map_bytes=1 << 20)
        self.generation = self.store.generation("filter", None)
        self.truth: dict[VideoId, list[int]] = {}
        self.held: list[set[int]] = [set(), set()]
        self.seen = [0, 0]
        self.last = 0

    @rule(count=st.integers(1, 5))
    def append(self, count: int) -> None:
        video = VideoId(f"{self.store.last_row():08x}")
        fields = (1, "mp4", "h264", 2, 2, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 1.0)
        self.store.begin(VideoInfo(Path(f"/{video}.mp4"), video, *fields))
        frames = [Keyframe(float(n), n, n + 1.0, np.zeros((2, 2, 3), np.uint8)) for n in range(count)]
        rows = self.store.append(video, frames, self.generation, np.ones((count, 3), np.float32))
        self.truth[video] = rows

    @rule(which=st.integers(0, 99))
    def forget(self, which: int) -> None:
        if self.truth:
            video = sorted(self.truth)[which % len(self.truth)]
            self.store.forget(video)
            del self.truth[video]

    @rule(reader=st.integers(0, 1))
    def refresh(self, reader: int) -> None:
        changes = self.store.changes(self.generation, self.seen[reader])
        added, gone = set(changes.added.tolist()), set(changes.forgotten.tolist())
        before = set() if changes.whole else self.held[reader]
        assert not before & added, "a row is added once"
        self.held[reader], self.seen[reader] = (before | added) - gone, changes.last
        assert self.held[reader] == {row for rows in self.truth.values() for row in rows}

    @rule(upto=st.integers(0, 80), batch=st.integers(1, 7))
    def trim(self, upto: int, batch: int) -> None:
        self.store.trim_changes(upto, batch)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(Path(self.folder.name))

    @invariant()
    def the_log_has_no_gap_and_counts_on(self) -> None:
        numbers = log_of(self.store)
        assert numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else self.last == 0
        assert self.store.last_change() >= self.last
        self.last = self.store.last_change()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

TRIMMER = """
import sys
from pathlib import Path
from cbvir_core.store import Store

with Store.open(Path(sys.argv[1])) as store:
    while store.trim_changes(store.last_change(), 3):
        print(store.last_change(), flush=True)
"""


def test_a_killed_trimmer_leaves_a_log_without_gaps(
    store: Store, filled: list[int], generation: Generation, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    rows = filled + store.append(A, keyframes(300, first=6), generation, unit_rows(300))
    folder = store._environment.folder
    store.close()
    command = [sys.executable, "-c", TRIMMER, str(folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as trimmer:
        assert trimmer.stdout is not None
        for _ in range(5):
            assert int(trimmer.stdout.readline()) == len(rows)
        trimmer.kill()
    with Store.open(folder) as again:
        numbers = log_of(again)
        assert 0 < len(numbers) < len(rows)
        assert numbers == list(range(numbers[0], len(rows) + 1))
        assert again.changes(generation, 0).added.tolist() == rows
