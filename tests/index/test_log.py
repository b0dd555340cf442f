"""How far an index needs the store's change log, and what happens where the log is shorter."""

from __future__ import annotations

from cbvir_core.index import Index
from cbvir_core.index import index as indexing


def trim(shelf, index: Index) -> None:
    while shelf.store.trim_changes(index.followed(), 1):
        pass


def test_the_log_is_needed_for_what_no_file_holds(shelf, clustered) -> None:
    shelf.add(clustered(1200))
    index = shelf.index(seal_at=1000)
    assert index.followed() == 0
    while index.maintain():
        pass
    assert index.followed() == 1200
    later = shelf.add(clustered(10, seed=1))
    index.refresh()
    assert index.followed() == 1200
    trim(shelf, index)
    index.close()
    shelf.reopen()
    with shelf.index(seal_at=1000) as again:
        assert again.status().rows == 1210
        shelf.store.forget(later)
        assert again.refresh() == 0
        assert again.status().rows == 1200


def test_a_log_that_is_longer_than_the_rows_is_let_go(shelf, clustered, monkeypatch) -> None:
    """A folder in which films come and go may never fill a segment."""
    monkeypatch.setattr(indexing, "LOG_AT_LEAST", 50)
    index = shelf.index(seal_at=1000)
    for seed in range(4):
        shelf.store.forget(shelf.add(clustered(30, seed=seed)))
        shelf.add(clustered(2, seed=seed))
    index.refresh()
    assert index.followed() == shelf.store.last_change()
    trim(shelf, index)
    index.close()
    shelf.reopen()
    with shelf.index(seal_at=1000) as again:
        assert again.status().rows == 8
        shelf.agrees(again, clustered(1)[0], 5)


def test_trimming_and_forgetting_while_a_segment_is_built(shelf, clustered, monkeypatch) -> None:
    first, _ = shelf.add(clustered(600)), shelf.add(clustered(600, seed=1))
    index = shelf.index(seal_at=1000)
    build = indexing.build_segment

    def interrupted(*arguments):
        made = build(*arguments)
        shelf.store.forget(first)
        while shelf.store.trim_changes(shelf.store.last_change(), 1):
            pass
        return made

    monkeypatch.setattr(indexing, "build_segment", interrupted)
    assert index.maintain()
    assert index.status().tombstones == 600
    shelf.agrees(index, clustered(1)[0], 5)
    index.close()
