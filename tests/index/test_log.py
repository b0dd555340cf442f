"""How far an index needs the store's change log, and what happens where the log is shorter."""

from __future__ import annotations

from typing import Any

import pytest

from cbvir_core.index import Index, followed, segment_index
from cbvir_core.index import build as building
from cbvir_core.index.manifest import SegmentEntry
from support.row_store import RowStore, clustered, settle


def trim(row_store: RowStore, index: Index) -> None:
    while row_store.store.trim_changes(index.followed(), 1):
        pass


def test_the_log_is_needed_for_what_no_file_holds(row_store: RowStore) -> None:
    row_store.add(clustered(1200))
    index = row_store.index(seal_at=1000)
    assert index.followed() == 0
    settle(index)
    assert index.followed() == 1200
    later = row_store.add(clustered(10, seed=1))
    index.refresh()
    assert index.followed() == 1200
    trim(row_store, index)
    index.close()
    row_store.reopen()
    with row_store.index(seal_at=1000) as again:
        assert again.status().rows == 1210
        row_store.store.forget(later)
        assert again.refresh() == 0
        assert again.status().rows == 1200


def test_a_log_that_is_longer_than_the_rows_need_not_be_kept(
    row_store: RowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in which films come and go may never fill a segment."""
    monkeypatch.setattr(followed, "MIN_LOG_CHANGES", 50)
    index = row_store.index(seal_at=1000)
    for seed in range(4):
        row_store.store.forget(row_store.add(clustered(30, seed=seed)))
        row_store.add(clustered(2, seed=seed))
    index.refresh()
    assert index.followed() == row_store.store.last_change()
    trim(row_store, index)
    index.close()
    row_store.reopen()
    with row_store.index(seal_at=1000) as again:
        assert again.status().rows == 8
        row_store.assert_exact(again, clustered(1)[0], 5)


def test_trimming_and_forgetting_while_a_segment_is_built(
    row_store: RowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = row_store.add(clustered(600)), row_store.add(clustered(600, seed=1))
    index = row_store.index(seal_at=1000)
    build = building.build_segment

    def interrupted(*arguments: Any) -> SegmentEntry | None:
        made = build(*arguments)
        row_store.store.forget(first)
        while row_store.store.trim_changes(row_store.store.last_change(), 1):
            pass
        return made

    monkeypatch.setattr(segment_index, "build_segment", interrupted)
    assert index.maintain()
    assert index.status().tombstones == 600
    row_store.assert_exact(index, clustered(1)[0], 5)
    index.close()
