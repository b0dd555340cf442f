"""Vectors that segments keep: exactly those of the store, or none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cbvir_core.index import Index
from cbvir_core.index.index import StoredVectors
from cbvir_core.index.kept_vectors import KeptVectors, VectorFile
from cbvir_core.types import Rows
from support.row_store import RowStore, clustered, flip_unseen, mixed_queries, segments_of, settle

HALVES = st.floats(-60_000.0, 60_000.0, width=16)
SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 8))


def written(path: Path, rows: Rows, at_once: int) -> bool:
    file = VectorFile(path, len(rows))
    for start in range(0, len(rows), at_once):
        file.append(rows[start : start + at_once])
    return file.finish()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), at_once=st.integers(1, 7))
def test_halves_come_back_as_they_were(tmp_path: Path, data: st.DataObject, at_once: int) -> None:
    rows = data.draw(arrays(np.float32, SHAPES, elements=HALVES))
    path = tmp_path / "vectors.npy"
    assert written(path, rows, at_once)
    items = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=30))
    numbers = np.array(items, dtype=np.int64)
    np.testing.assert_array_equal(KeptVectors.open(path, len(rows)).of(numbers), rows[numbers])


@pytest.mark.parametrize("value", [0.1, 1e6, np.nan])
@pytest.mark.parametrize("place", [0, 9])
def test_a_file_that_halves_cannot_hold_is_given_up(tmp_path: Path, value: float, place: int) -> None:
    rows = np.zeros((10, 4), np.float32)
    rows[place, 2] = value
    assert not written(tmp_path / "vectors.npy", rows, 3)
    assert not list(tmp_path.iterdir())


def test_files_of_other_items_or_cut_short_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    written(path, np.ones((10, 4), np.float32), 10)
    with pytest.raises(ValueError, match="does not hold 11"):
        KeptVectors.open(path, 11)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"."):
        KeptVectors.open(path, 10)
    np.save(path, np.ones((10, 4), np.float32))
    with pytest.raises(ValueError, match="does not hold 10"):
        KeptVectors.open(path, 10)


@pytest.fixture
def index(row_store: RowStore) -> Index:
    """An index of two segments and a tail, some rows of all forgotten."""
    index = row_store.index("lists", seal_at=500)
    videos = []
    for seed in range(3):
        videos.append(row_store.add(clustered(600 - 50 * seed, seed=seed)))
        videos.append(row_store.add(clustered(40, seed=10 + seed)))
        if seed < 2:
            index.maintain()
    for video in videos[1::2]:
        row_store.store.forget(video)
    return index


def test_searches_of_segments_read_nothing_from_the_store(
    row_store: RowStore, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.refresh()
    monkeypatch.setattr(StoredVectors, "read", None)
    for query in mixed_queries(clustered(600)):
        row_store.assert_exact(index, query, 1)
    index.close()


def test_answers_are_those_of_the_store_s_vectors_to_the_bit(
    row_store: RowStore, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = mixed_queries(np.concatenate([clustered(600 - 50 * seed, seed=seed) for seed in range(3)]))
    kept = [index.search(query, 50) for query in queries]
    for segment in segments_of(index):
        monkeypatch.setattr(segment, "_vectors", None)
    for query, found in zip(queries, kept, strict=True):
        read = index.search(query, 50)
        np.testing.assert_array_equal(read.rows, found.rows)
        np.testing.assert_array_equal(read.distances, found.distances)
    index.close()


def test_segments_of_versions_before_are_read_and_get_vectors_when_they_are_merged(
    row_store: RowStore, index: Index
) -> None:
    index.close()
    folder = row_store.folder / "index-lists"
    manifest = json.loads((folder / "manifest.json").read_text())
    for segment in manifest["segments"]:
        del segment["files"]["vectors.npy"]
        (folder / segment["name"] / "vectors.npy").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with row_store.index("lists", seal_at=500) as again:
        assert again.status().segments == 2
        row_store.assert_exact(again, clustered(600)[3], 1)
        again.rebuild()
        settle(again)
        row_store.assert_exact(again, clustered(600)[3], 1)
        assert all("vectors.npy" in segment.entry.files for segment in segments_of(again))


@pytest.mark.parametrize("is_seen", [True, False])
def test_damaged_vectors_cost_their_segment_and_no_row(
    row_store: RowStore, index: Index, is_seen: bool
) -> None:
    index.close()
    path = sorted((row_store.folder / "index-lists").glob("*/vectors.npy"))[0]
    if is_seen:
        path.write_bytes(path.read_bytes()[:-100])
    else:
        flip_unseen(path)
    with row_store.index("lists", seal_at=500) as again:
        while again.verify():
            pass
        assert again.status().segments == 1
        rows = again.status().rows
        settle(again)
        assert again.status().rows == rows == 1650
        row_store.assert_exact(again, clustered(600)[3], 1)
