"""Recall, and searching while the index changes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

from cbvir_core.index import Index

REPOSITORY = Path(__file__).resolve().parents[2]


def recall(shelf, index: Index, queries, k: int = 100) -> float:
    exact = shelf.truths(queries, k)
    shares = [np.isin(e.rows, index.search(q, k).rows).mean() for q, e in zip(queries, exact, strict=True)]
    return float(np.mean(shares))


def mixed(rows, count: int = 24):
    """Queries that lie near rows without being them."""
    chance = np.random.default_rng(5)
    one, other = chance.integers(0, len(rows), (2, count))
    queries = 0.85 * rows[one] + 0.15 * rows[other]
    return (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)


def settle(index: Index) -> None:
    while index.maintain():
        pass


def test_recall_holds_through_seals_merges_and_deletes(shelf, clustered) -> None:
    rows = clustered(7000)
    index = shelf.index(seal_at=1000)
    videos = []
    for start in range(0, len(rows), 1000):
        videos.append(shelf.add(rows[start : start + 1000]))
        settle(index)
    status = index.status()
    assert (status.segments, status.tail) == (3, 0)
    queries = mixed(rows)
    assert recall(shelf, index, queries) >= 0.98
    assert recall(shelf, index, queries, k=10) >= 0.98
    for video in videos[::3]:
        shelf.store.forget(video)
    index.refresh()
    assert index.status().tombstones > 0
    assert recall(shelf, index, queries) >= 0.98
    settle(index)
    assert recall(shelf, index, queries) >= 0.98
    index.rebuild()
    assert (index.status().segments, index.status().tombstones, index.status().tail) == (1, 0, 0)
    assert recall(shelf, index, queries) >= 0.98
    assert index.status().rows == shelf.store.counts().keyframes
    index.close()


def test_the_effort_of_annoy_itself_would_not_hold_recall(shelf, clustered) -> None:
    rows = clustered(8000, spread=1.0)
    shelf.add(rows)
    index = shelf.index(seal_at=2000)
    settle(index)
    (segment,) = index._view.segments
    assert recall(shelf, index, mixed(rows)) >= 0.98
    trees = AnnoyIndex(segment.entry.dimensions, "euclidean")
    trees.load(str(shelf.folder / "index" / segment.entry.name / "trees.ann"))
    vectors = segment._projection.apply(mixed(rows)).tolist()
    plain = [segment.rows[trees.get_nns_by_vector(vector, 100)] for vector in vectors]
    exact = shelf.truths(mixed(rows), 100)
    assert np.mean([np.isin(e.rows, p).mean() for e, p in zip(exact, plain, strict=True)]) < 0.9
    index.close()


def test_a_forgotten_crowd_around_the_query_hides_nobody(shelf, clustered) -> None:
    rows = clustered(3000, dim=16)
    query = rows[0]
    crowd = query + 1e-3 * np.random.default_rng(1).standard_normal((800, 16)).astype(np.float32)
    shelf.add(rows)
    video = shelf.add(crowd / np.linalg.norm(crowd, axis=1, keepdims=True))
    index = shelf.index(seal_at=1000)
    settle(index)
    shelf.store.forget(video)
    found = index.search(query, 20)
    assert len(found.rows) == 20
    assert shelf.store.searchable(found.rows).all()
    assert np.isin(shelf.truth(query, 20).rows, found.rows).mean() >= 0.95
    index.close()


def test_an_empty_index_answers_nothing(shelf, clustered) -> None:
    index = shelf.index()
    assert len(index.search(clustered(1)[0], 10).rows) == 0
    assert not index.maintain()
    index.rebuild()
    assert index.status().rows == 0
    shelf.add(clustered(3))
    found = index.search(clustered(1), 10)  # 1 x D is as good as D
    assert len(found.rows) == 3
    assert found.distances.dtype == np.float32
    assert len(index.search(clustered(1), 0).rows) == 0
    index.close()
    index.close()
    assert len(index.search(clustered(1), 5).rows) == 0


def test_rows_are_found_as_soon_as_they_are_stored(shelf, clustered) -> None:
    index = shelf.index(seal_at=10)
    rows = clustered(30)
    for row in rows:
        shelf.add(row[np.newaxis])
        assert index.search(row, 1).distances[0] < 1e-3
        index.maintain()
    index.close()


def test_searches_go_on_while_it_is_rebuilt(shelf, clustered) -> None:
    rows = clustered(3000)
    shelf.add(rows)
    index = shelf.index(seal_at=500)
    settle(index)
    before = index.status().generation
    seen = []

    def progress(done: int, total: int) -> None:
        shelf.agrees(index, rows[7], 1)
        seen.append((done, total))

    late = []

    def appear(done: int, total: int) -> None:
        progress(done, total)
        if not late:
            late.append(shelf.add(-rows[:5]))

    index.rebuild(appear)
    assert seen[-1] == (3000, 3000)
    assert len(seen) > 3
    assert index.status().generation == before + 1
    shelf.agrees(index, -rows[3], 5)
    assert index.status().rows == 3005
    index.close()


def test_rows_forgotten_during_a_build_stay_forgotten(shelf, clustered) -> None:
    rows = clustered(2000)
    first = shelf.add(rows[:1000])
    shelf.add(rows[1000:])
    index = shelf.index(seal_at=500)

    def progress(done: int, total: int) -> None:
        if done == total:
            shelf.store.forget(first)

    index.rebuild(progress)
    shelf.agrees(index, rows[0], 50)
    assert index.status().rows == 1000
    assert index.status().tombstones == 1000
    settle(index)
    assert index.status().tombstones == 0
    shelf.agrees(index, rows[1500], 1)
    index.close()


def test_many_threads_search_while_one_writes_and_one_maintains(shelf, clustered) -> None:
    rows = clustered(4000)
    index = shelf.index(seal_at=300)
    shelf.add(rows[:500])
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work) -> threading.Thread:
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
        video = shelf.add(rows[start : start + 100])
        if start % 300 == 0:
            shelf.store.forget(video)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert index.search(rows[3], 1).rows.tolist() == [4]
    assert index.status().rows == shelf.store.counts().keyframes
    index.close()
