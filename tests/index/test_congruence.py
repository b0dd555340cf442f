"""Every implementation of `VectorIndex` through the same calls; the exact one says what is true."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cbvir_core.index import INDEX_KINDS, IndexOptions, Neighbours, VectorIndex
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.types import RowMask, RowNumbers, Rows
from support.row_store import clustered, mixed_queries, normalised

RECALL = 0.98
"""What an approximate index promises of sealed rows."""


class LoggedVectors:
    """A `VectorSource` in memory, with the log of what was added to it and removed from it."""

    def __init__(self) -> None:
        self.identity = SourceIdentity("a store", 1, "a filter")
        self.vectors: dict[int, Rows] = {}
        self.added_at: dict[int, int] = {}
        self._changes = 0

    def last_change(self) -> int:
        return self._changes

    def read(self, rows: RowNumbers) -> tuple[RowNumbers, Rows]:
        present = np.array([row for row in rows.tolist() if row in self.vectors], dtype=np.int64)
        if not len(present):
            return present, np.zeros((0, 0), dtype=np.float32)
        return present, np.stack([self.vectors[row] for row in present.tolist()])

    def add(self, vectors: Rows) -> RowNumbers:
        rows = np.arange(len(self.added_at), len(self.added_at) + len(vectors), dtype=np.int64)
        for row, vector in zip(rows.tolist(), vectors, strict=True):
            self._changes += 1
            self.vectors[row], self.added_at[row] = vector, self._changes
        return rows

    def remove(self, rows: RowNumbers) -> None:
        for row in rows.tolist():
            self._changes += 1
            del self.vectors[row]

    def live_rows(self) -> RowNumbers:
        return np.array(list(self.vectors), dtype=np.int64)


class Pair:
    """The exact index and another kind, given the same rows of one source."""

    def __init__(self, folder: Path, kind: str, options: IndexOptions) -> None:
        self.source = LoggedVectors()
        self._folder, self._kind, self._options = folder, kind, options
        self.exact, self.tested = self._open()

    def _open(self) -> tuple[VectorIndex, VectorIndex]:
        opened = [
            INDEX_KINDS[kind](self._folder, self.source, self._options) for kind in ("exact", self._kind)
        ]
        return opened[0], opened[1]

    @property
    def both(self) -> tuple[VectorIndex, VectorIndex]:
        return self.exact, self.tested

    def add(self, vectors: Rows) -> RowNumbers:
        rows = self.source.add(vectors)
        for index in self.both:
            index.add(rows)
            index.note_position(self.source.last_change())
        return rows

    def remove(self, rows: RowNumbers) -> None:
        self.source.remove(rows)
        for index in self.both:
            index.remove(rows)
            index.note_position(self.source.last_change())

    def maintain(self) -> None:
        for index in self.both:
            index.maintain()

    def settle(self) -> None:
        for index in self.both:
            while index.maintain():
                pass

    def rebuild(self) -> None:
        for index in self.both:
            index.rebuild(self.source.live_rows(), self.source.last_change())

    def reopen(self) -> None:
        """Open both again, and add what their files do not hold."""
        self.close()
        self.exact, self.tested = self._open()
        live = self.source.live_rows()
        for index in self.both:
            held = index.rows()
            saved = [row for row in live.tolist() if self.source.added_at[row] <= index.saved_position()]
            assert np.isin(saved, held).all(), "what came up to the saved position is in the files"
            index.remove(held[~np.isin(held, live)])
            index.add(live[~np.isin(live, held)])
            index.note_position(self.source.last_change())

    def close(self) -> None:
        for index in self.both:
            index.close()

    def answers(self, query: Rows, k: int, within: RowMask | None = None) -> tuple[Neighbours, Neighbours]:
        """Return the true neighbours and those of the tested index, which are sound whatever they miss."""
        truth, found = self.exact.search(query, k, within), self.tested.search(query, k, within)
        assert len(set(found.rows.tolist())) == len(found.rows) == len(truth.rows)
        assert within is None or within[found.rows].all()
        assert np.isin(found.rows, self.source.live_rows()).all(), "no removed row is found"
        if len(found.rows):
            measured = np.linalg.norm(self.source.read(found.rows)[1] - query, axis=1)
            np.testing.assert_allclose(found.distances, measured, atol=1e-5)
        return truth, found


SOME = np.arange(60) % 3 == 1
"""Every third row of the first ones, to which a search is limited."""


class Congruence(RuleBasedStateMachine):
    """Any order of calls, on so few rows that the approximate index visits every node: answers are equal."""

    kind = "annoy"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.pair = Pair(Path(self.folder.name), self.kind, IndexOptions(seal_at=6, largest=36))

    @rule(count=st.integers(1, 12), seed=st.integers(0, 40))
    def add(self, count: int, seed: int) -> None:
        self.pair.add(small_rows(count, seed))

    @rule(first=st.integers(0, 99), count=st.integers(1, 12))
    def remove(self, first: int, count: int) -> None:
        live = self.pair.source.live_rows()
        if len(live):
            self.pair.remove(live[first % len(live) :][:count])

    @rule()
    def remove_again(self) -> None:
        """Rows that no index holds are ignored."""
        for index in self.pair.both:
            index.remove(np.arange(1000, 1003))

    @rule()
    def maintain(self) -> None:
        self.pair.maintain()

    @rule()
    def rebuild(self) -> None:
        self.pair.rebuild()

    @rule()
    def reopen(self) -> None:
        self.pair.reopen()

    @invariant()
    def answers_and_counts_are_equal(self) -> None:
        for k in (0, 1, 7, 60):
            truth, found = self.pair.answers(small_rows(1, 77)[0], k)
            np.testing.assert_allclose(found.distances, truth.distances, atol=1e-5)
            truth, found = self.pair.answers(small_rows(1, 78)[0], k, SOME)
            np.testing.assert_allclose(found.distances, truth.distances, atol=1e-5)
        live = self.pair.source.live_rows()
        for index in self.pair.both:
            assert index.status().rows == len(live)
            assert np.isin(live, index.rows()).all()
            assert index.saved_position() <= self.pair.source.last_change()

    def teardown(self) -> None:
        self.pair.close()
        for index in self.pair.both:
            index.close()
            assert len(index.search(small_rows(1, 77)[0], 5).rows) == 0
        self.folder.cleanup()


TestCongruence = Congruence.TestCase
TestCongruence.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


def small_rows(count: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    return normalised(np.round(rng.standard_normal((count, 5)), 1).astype(np.float32) + 0.01)


@pytest.mark.parametrize("kind", sorted(INDEX_KINDS))
def test_fresh_rows_are_all_found_and_sealed_ones_as_promised(kind: str, tmp_path: Path) -> None:
    """Of enough rows that an approximate index leaves some out."""
    pair = Pair(tmp_path, kind, IndexOptions(seal_at=1000))
    rows = clustered(3400)
    videos = [pair.add(rows[start : start + 200]) for start in range(0, 3000, 200)]
    pair.settle()
    fresh = pair.add(rows[3000:])
    for video in videos[::4]:
        pair.remove(video)
    check_recall(pair, rows, fresh)
    check_recall(pair, rows, fresh[:0], within=np.arange(len(rows)) % 5 == 0)
    pair.reopen()
    check_recall(pair, rows, fresh)
    pair.rebuild()
    check_recall(pair, rows, fresh[:0])
    pair.close()


def check_recall(pair: Pair, rows: Rows, fresh: RowNumbers, within: RowMask | None = None) -> None:
    """Every true neighbour among `fresh` is found, and nearly every one of the others."""
    shares = []
    for query in mixed_queries(rows):
        truth, found = pair.answers(query, 100, within)
        missed = truth.rows[~np.isin(truth.rows, found.rows)]
        assert not np.isin(missed, fresh).any()
        shares.append(1 - len(missed) / len(truth.rows))
    assert np.mean(shares) >= RECALL
