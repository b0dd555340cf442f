"""Recall, and searching while the index changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from annoy import AnnoyIndex

from cbvir_core.index import Index, IndexOptions
from cbvir_core.index.item_search import NearItems
from cbvir_core.index.segment import worth_measuring
from cbvir_core.types import VideoId
from support.row_store import RowStore, clustered, mean_recall, mixed_queries, segments_of, settle


def test_recall_holds_through_seals_merges_and_deletes(row_store: RowStore) -> None:
    rows = clustered(7000)
    index = row_store.index(seal_at=1000)
    videos = []
    for start in range(0, len(rows), 1000):
        videos.append(row_store.add(rows[start : start + 1000]))
        settle(index)
    status = index.status()
    assert (status.segments, status.tail) == (3, 0)
    queries = mixed_queries(rows)
    assert mean_recall(row_store, index, queries) >= 0.98
    assert mean_recall(row_store, index, queries, k=10) >= 0.98
    for video in videos[::3]:
        row_store.store.forget(video)
    index.refresh()
    assert index.status().tombstones > 0
    assert mean_recall(row_store, index, queries) >= 0.98
    settle(index)
    assert mean_recall(row_store, index, queries) >= 0.98
    index.rebuild()
    assert (index.status().segments, index.status().tombstones, index.status().tail) == (1, 0, 0)
    assert mean_recall(row_store, index, queries) >= 0.98
    assert index.status().rows == row_store.store.counts().keyframes
    index.close()


def test_the_effort_of_annoy_itself_would_not_hold_recall(row_store: RowStore) -> None:
    rows = clustered(8000, spread=1.0)
    row_store.add(rows)
    index = row_store.index(seal_at=2000)
    settle(index)
    (segment,) = segments_of(index)
    assert mean_recall(row_store, index, mixed_queries(rows)) >= 0.98
    trees = AnnoyIndex(segment.entry.dimensions, "euclidean")
    trees.load(str(row_store.folder / "index" / segment.entry.name / "trees.ann"))
    vectors = segment._projection.apply(mixed_queries(rows)).tolist()
    plain = [segment.rows[trees.get_nns_by_vector(vector, 100)] for vector in vectors]
    exact = row_store.truths(mixed_queries(rows), 100)
    assert np.mean([np.isin(e.rows, p).mean() for e, p in zip(exact, plain, strict=True)]) < 0.9
    index.close()


def test_a_forgotten_crowd_around_the_query_hides_no_neighbour(row_store: RowStore) -> None:
    rows = clustered(3000, dim=16)
    query = rows[0]
    crowd = query + 1e-3 * np.random.default_rng(1).standard_normal((800, 16)).astype(np.float32)
    row_store.add(rows)
    video = row_store.add(crowd / np.linalg.norm(crowd, axis=1, keepdims=True))
    index = row_store.index(seal_at=1000)
    settle(index)
    row_store.store.forget(video)
    found = index.search(query, 20)
    assert len(found.rows) == 20
    assert row_store.store.searchable(found.rows).all()
    assert np.isin(row_store.truth(query, 20).rows, found.rows).mean() >= 0.95
    index.close()


def test_an_index_of_trees_goes_on_with_lists(row_store: RowStore) -> None:
    rows = clustered(6000)
    row_store.add(rows[:1000])
    index = row_store.index(seal_at=1000)
    settle(index)
    index.close()
    again = Index.open(
        row_store.folder / "index", row_store.store, row_store.generation, IndexOptions(seal_at=4000)
    )
    row_store.add(rows[1000:5500])
    assert again.maintain()
    assert [segment.entry.kind for segment in segments_of(again)] == ["annoy", "lists"]
    row_store.add(rows[5500:])
    assert mean_recall(row_store, again, mixed_queries(rows)) >= 0.98
    settle(again)
    assert [segment.entry.kind for segment in segments_of(again)] == ["lists"]
    assert mean_recall(row_store, again, mixed_queries(rows)) >= 0.98
    again.close()


def test_of_several_segments_no_more_are_measured_than_of_one() -> None:
    near = [
        NearItems(np.arange(100 * n, 100 * n + 80), np.linspace(1 + n, 2 + n, 80, dtype=np.float32))
        for n in range(3)
    ]
    unknown = NearItems(np.arange(900, 907), np.zeros(7, np.float32))
    chosen = worth_measuring([*near, unknown], 80)
    assert np.isin(np.r_[0:80, 100:120, 900:907], chosen).all()
    assert len(chosen) == 107
    assert set(worth_measuring([near[0]], 40).tolist()) == set(range(50))


def test_an_empty_index_answers_nothing(row_store: RowStore) -> None:
    index = row_store.index()
    assert len(index.search(clustered(1)[0], 10).rows) == 0
    assert not index.maintain()
    index.rebuild()
    assert index.status().rows == 0
    row_store.add(clustered(3))
    found = index.search(clustered(1), 10)  # 1 x D is as good as D
    assert len(found.rows) == 3
    assert found.distances.dtype == np.float32
    assert len(index.search(clustered(1), 0).rows) == 0
    index.close()
    index.close()
    assert len(index.search(clustered(1), 5).rows) == 0


def test_rows_are_found_as_soon_as_they_are_stored(row_store: RowStore) -> None:
    index = row_store.index(seal_at=10)
    rows = clustered(30)
    for row in rows:
        row_store.add(row[np.newaxis])
        assert index.search(row, 1).distances[0] < 1e-3
        index.maintain()
    index.close()


def test_searches_go_on_while_it_is_rebuilt(row_store: RowStore) -> None:
    rows = clustered(3000)
    row_store.add(rows)
    index = row_store.index(seal_at=500)
    settle(index)
    before = index.status().version
    seen = []

    def progress(done: int, total: int) -> None:
        row_store.assert_exact(index, rows[7], 1)
        seen.append((done, total))

    late: list[VideoId] = []

    def appear(done: int, total: int) -> None:
        progress(done, total)
        if not late:
            late.append(row_store.add(-rows[:5]))

    index.rebuild(appear)
    assert seen[-1] == (3000, 3000)
    assert len(seen) > 3
    assert index.status().version == before + 1
    row_store.assert_exact(index, -rows[3], 5)
    assert index.status().rows == 3005
    index.close()


def test_a_rebuild_before_a_refresh_gives_each_row_once(row_store: RowStore) -> None:
    """A rebuild reads rows from the store that the index has not followed yet."""
    rows = clustered(40)
    with row_store.index(seal_at=10) as index:
        row_store.add(rows)
        index.rebuild()
        assert (index.status().rows, index.status().tail) == (40, 0)
        assert sorted(index.search(rows[0], 99).rows.tolist()) == list(range(1, 41))


def test_rows_forgotten_during_a_build_stay_forgotten(row_store: RowStore) -> None:
    rows = clustered(2000)
    first = row_store.add(rows[:1000])
    row_store.add(rows[1000:])
    index = row_store.index(seal_at=500)

    def progress(done: int, total: int) -> None:
        if done == total and row_store.store.video(first):
            row_store.store.forget(first)

    index.rebuild(progress)
    row_store.assert_exact(index, rows[0], 50)
    assert index.status().rows == 1000
    assert index.status().tombstones == 1000
    settle(index)
    assert index.status().tombstones == 0
    row_store.assert_exact(index, rows[1500], 1)
    index.close()


def test_many_threads_search_while_one_writes_and_one_maintains(row_store: RowStore) -> None:
    rows = clustered(4000)
    index = row_store.index(seal_at=300)
    row_store.add(rows[:500])
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                while not stop.is_set():
                    work()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def search() -> None:
        found = index.search(rows[3], 20)
        assert found.rows[0] == 4
        assert len(found.rows) == 20

    threads = [guarded(search), guarded(search), guarded(index.maintain)]
    for start in range(500, 4000, 100):
        video = row_store.add(rows[start : start + 100])
        if start % 300 == 0:
            row_store.store.forget(video)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert index.search(rows[3], 1).rows.tolist() == [4]
    assert index.status().rows == row_store.store.counts().keyframes
    index.close()
