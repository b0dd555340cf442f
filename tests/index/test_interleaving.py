"""Any order of appending, forgetting, sealing, merging, trimming and reopening gives exact neighbours."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

DIM = 5
# So small that ANNOY visits every node: what differs from exact search is then a mistake.
SMALL: dict[str, int] = {"seal_at": 6, "largest": 36}


def rows_of(count: int, seed: int) -> Any:
    chance = np.random.default_rng(seed)
    rows = np.round(chance.standard_normal((count, DIM)), 1).astype(np.float32) + 0.01
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Machine(RuleBasedStateMachine):
    """Everything that happens to an index; the test says how shelves are made."""

    new_shelf: ClassVar[Callable[[Path], Any]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.shelf = self.new_shelf(self.folder)
        self.index = self.shelf.index(**SMALL)
        self.videos: list[Any] = []

    @rule(count=st.integers(1, 12), seed=st.integers(0, 40))
    def append(self, count: int, seed: int) -> None:
        self.videos.append(self.shelf.add(rows_of(count, seed)))

    @rule(which=st.integers(0, 99))
    def forget(self, which: int) -> None:
        if self.videos:
            self.shelf.store.forget(self.videos.pop(which % len(self.videos)))

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
        """Also what the index has not followed yet: it costs a reader time and nothing else."""
        store = self.shelf.store
        last = store.last_change()
        while store.trim_changes(int(share * last), batch):
            pass
        assert store.last_change() == last

    @rule()
    def trim_what_was_followed(self) -> None:
        while self.shelf.store.trim_changes(self.index.followed(), 1):
            pass

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.shelf.reopen()
        self.index = self.shelf.index(**SMALL)

    @rule(which=st.integers(0, 99), kind=st.sampled_from(["cut", "missing", "flipped"]))
    def damage(self, which: int, kind: str) -> None:
        self.index.close()
        files = sorted(path for path in (self.folder / "index").rglob("*") if path.is_file())
        if files:
            spoil(files[which % len(files)], kind)
        self.index = self.shelf.index(**SMALL)

    @invariant()
    def agrees(self) -> None:
        for k in (1, 7, 60):
            self.shelf.agrees(self.index, rows_of(1, 77)[0], k)
        status = self.index.status()
        assert status.rows == self.shelf.store.counts().keyframes

    def teardown(self) -> None:
        self.index.close()
        self.shelf.store.close()
        shutil.rmtree(self.folder)


def test_every_interleaving_agrees_with_exact_search(new_shelf: Callable[[Path], Any]) -> None:
    bound = type("Bound", (Machine,), {"new_shelf": staticmethod(new_shelf)})
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
