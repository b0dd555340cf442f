"""Chosen videos: exactly where they have few keyframes, through the index where they have many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.search import gallery as galleries
from cbvir_core.search.gallery import VideoGallery
from cbvir_core.store import VideoRecord
from support.row_store import RowStore, clustered, mixed_queries, settle

ROWS = 6000


@pytest.fixture(scope="module")
def row_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RowStore]:
    store = RowStore(tmp_path_factory.mktemp("rows"))
    rows = clustered(ROWS)
    for start in range(0, ROWS, 500):
        store.add(rows[start : start + 500])
    yield store
    store.store.close()


@pytest.mark.parametrize("sealed", [True, False])
def test_many_keyframes_are_found_through_the_index(
    row_store: RowStore, sealed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row_store.folder = tmp_path
    with row_store.index("auto", seal_at=4096 if sealed else 100_000) as index:
        settle(index)
        chosen: list[VideoRecord] = row_store.store.videos()[::3]
        gallery = VideoGallery(row_store.store, row_store.generation, index, chosen)
        assert len(gallery) == ROWS / 3
        queries = mixed_queries(clustered(ROWS))
        exact = gallery.nearest(queries, 50)
        monkeypatch.setattr(galleries, "MAX_COMPARED_KEYFRAMES", 100)
        found = gallery.nearest(queries, 50)
    shares = []
    for truth, own in zip(exact, found, strict=True):
        assert len(own.rows) == 50
        assert np.isin(own.rows, gallery.rows).all()
        shares.append(np.isin(truth.rows, own.rows).mean())
    assert np.mean(shares) >= (0.98 if sealed else 1.0)
