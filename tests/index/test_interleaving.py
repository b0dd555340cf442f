"""Any order of appending, forgetting, sealing, merging, trimming and reopening gives exact neighbours."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cbvir_core.index import INDEX_KINDS, Index
from cbvir_core.types import Rows, VideoId
from support.row_store import RowStore, flip_unseen, normalised

DIM = 5
# So small that ANNOY visits every node: any difference from exact search is then a mistake.
SEAL_AT, LARGEST = 6, 36


def rows_of(count: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    rows = np.round(rng.standard_normal((count, DIM)), 1).astype(np.float32) + 0.01
    return normalised(rows)


class Machine(RuleBasedStateMachine):
    """Everything that happens to an index of one kind."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.row_store = RowStore(self.folder)
        self.index = self.opened()
        self.videos: list[VideoId] = []

    def opened(self) -> Index:
        return self.row_store.index(self.kind, seal_at=SEAL_AT, largest=LARGEST)

    @rule(count=st.integers(1, 12), seed=st.integers(0, 40))
    def append(self, count: int, seed: int) -> None:
        self.videos.append(self.row_store.add(rows_of(count, seed)))

    @rule(which=st.integers(0, 99))
    def forget(self, which: int) -> None:
        if self.videos:
            self.row_store.store.forget(self.videos.pop(which % len(self.videos)))

    @rule()
    def refresh(self) -> None:
        self.index.refresh()

    @rule()
    def maintain(self) -> None:
        self.index.maintain()

    @rule()
    def rebuild(self) -> None:
        self.index.rebuild()

    @rule(share=st.floats(0, 1), batch=st.integers(1, 9))
    def trim(self, share: float, batch: int) -> None:
        """Trim also what the index has not followed yet: that costs it time and nothing else."""
        store = self.row_store.store
        last = store.last_change()
        while store.trim_changes(int(share * last), batch):
            pass
        assert store.last_change() == last

    @rule()
    def trim_what_was_followed(self) -> None:
        while self.row_store.store.trim_changes(self.index.followed(), 1):
            pass

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.row_store.reopen()
        self.index = self.opened()

    @rule(which=st.integers(0, 99), kind=st.sampled_from(["cut", "missing", "flipped"]))
    def damage(self, which: int, kind: str) -> None:
        self.index.close()
        files = sorted(path for path in (self.folder / "index").rglob("*") if path.is_file())
        if files:
            spoil(files[which % len(files)], kind)
        self.index = self.opened()

    @rule(which=st.integers(0, 99))
    def damage_that_is_not_seen(self, which: int) -> None:
        """A byte changes, and neither size nor time: the file is verified before it is searched."""
        self.index.close()
        index = self.folder / "index"
        files = sorted([*index.rglob("trees.ann"), *index.rglob("lists.faiss")])
        if files:
            flip_unseen(files[which % len(files)])
        self.index = self.opened()
        while self.index.verify():
            pass

    @invariant()
    def answers_are_exact(self) -> None:
        for k in (1, 7, 60):
            self.row_store.assert_exact(self.index, rows_of(1, 77)[0], k)
        status = self.index.status()
        assert status.rows == self.row_store.store.counts().keyframes

    def teardown(self) -> None:
        self.index.close()
        self.row_store.store.close()
        shutil.rmtree(self.folder)


@pytest.mark.parametrize("kind", sorted(INDEX_KINDS))
def test_every_interleaving_agrees_with_exact_search(kind: str) -> None:
    bound = type("Bound", (Machine,), {"kind": kind})
    run_state_machine_as_test(
        bound,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        ),
    )


def spoil(path: Path, kind: str) -> None:
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 0xFF]))
