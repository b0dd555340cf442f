"""Blank keyframes are in the store, and in no index."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cbvir_core.index import Index
from cbvir_core.store import Store
from cbvir_core.types import RowNumbers, Rows
from support.row_store import RowStore, clustered, settle

CROWD = 300

Crowded = tuple[Rows, RowNumbers]
"""The descriptor of the first keyframe, and the row numbers of the blank ones around it."""


@pytest.fixture
def crowded(row_store: RowStore) -> Crowded:
    """700 keyframes, a crowd of blank ones around the first, and 20 others that came later."""
    first = clustered(700)
    around = first[0] + 1e-3 * np.random.default_rng(1).standard_normal((CROWD, 64)).astype(np.float32)
    row_store.add(first)
    row_store.add(around / np.linalg.norm(around, axis=1, keepdims=True), quality=0.0)
    row_store.add(clustered(20, seed=1))
    return first[0], np.arange(701, 701 + CROWD)


def check(index: Index, query: Rows, crowd: RowNumbers) -> None:
    found = index.search(query, 100).rows
    assert len(found) == 100
    assert found[0] == 1
    assert not np.isin(found, crowd).any()
    assert index.status().rows == 720


@pytest.mark.parametrize("seal_at", [200, 10_000], ids=["segments", "tail"])
def test_a_blank_crowd_around_the_query_hides_no_neighbour(
    row_store: RowStore, crowded: Crowded, seal_at: int
) -> None:
    index = row_store.index(seal_at=seal_at)
    check(index, *crowded)
    settle(index)
    check(index, *crowded)
    index.rebuild()
    check(index, *crowded)
    index.close()
    with row_store.index(seal_at=seal_at) as again:
        check(again, *crowded)


def test_blank_rows_stay_out_when_they_come_later_and_when_the_log_is_gone(
    row_store: RowStore, crowded: Crowded
) -> None:
    query, crowd = crowded
    with row_store.index(seal_at=200) as index:
        settle(index)
        row_store.add(query[np.newaxis], quality=0.0)
        check(index, query, np.append(crowd, 1021))
        while row_store.store.trim_changes(row_store.store.last_change(), batch=50):
            pass
    shutil.rmtree(row_store.folder / "index")
    with row_store.index(seal_at=200) as index:
        check(index, query, np.append(crowd, 1021))


def test_an_index_that_holds_blank_rows_drops_them(
    row_store: RowStore, crowded: Crowded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of an earlier release does, which did not leave them out."""
    with monkeypatch.context() as before:
        before.setattr(Store, "searchable", lambda _, rows: np.ones(len(rows), np.bool_))
        with row_store.index(seal_at=200) as index:
            settle(index)
            assert index.status().rows == 720 + CROWD
    with row_store.index(seal_at=200) as index:
        check(index, *crowded)
        assert index.status().tombstones == CROWD
        index.rebuild()
        assert index.status().tombstones == 0
        check(index, *crowded)
