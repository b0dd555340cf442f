"""Recall, files, crashes, and searching while the index changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from annoy import AnnoyIndex

from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.index import Index
from cbvir_core.index import build as building

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
    assert shelf.store.live(found.rows).all()
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


def test_the_same_rows_give_the_same_files(shelf, clustered) -> None:
    shelf.add(clustered(1500))
    sums = []
    for _ in range(2):
        index = shelf.index(seal_at=1000)
        settle(index)
        sums.append([dict(segment.entry.files) for segment in index._view.segments])
        index.close()
        shutil.rmtree(shelf.folder / "index")
    assert sums[0] == sums[1]


def test_a_reopened_index_is_read_and_not_built(shelf, clustered, monkeypatch) -> None:
    shelf.add(clustered(1200))
    index = shelf.index(seal_at=1000)
    settle(index)
    shelf.add(clustered(10, seed=1))
    status = index.refresh() and index.status()
    index.close()
    shelf.reopen()
    monkeypatch.setattr(building, "_build", lambda *_: pytest.fail("it was built again"))
    with shelf.index(seal_at=1000) as again:
        assert again.status() == status
        assert not again.maintain()
        shelf.agrees(again, clustered(1)[0], 5)


def test_orphans_are_swept_and_named_files_are_kept(shelf, clustered) -> None:
    shelf.add(clustered(1200))
    index = shelf.index(seal_at=1000)
    settle(index)
    index.close()
    home = shelf.folder / "index"
    named = {path.name for path in home.iterdir()}
    shutil.copytree(next(home.glob("segment-*")), home / "segment-999999-0")
    (home / "manifest.json.new").write_text("{")
    (home / "link").symlink_to(shelf.folder / "store")
    shelf.index(seal_at=1000).close()
    assert {path.name for path in home.iterdir()} == named
    assert (shelf.folder / "store" / "data.mdb").exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"format": 99}', '{"format": 1, "segments": [{}]}']
)
def test_a_manifest_that_means_nothing_is_made_again(shelf, clustered, content: str) -> None:
    shelf.add(clustered(40))
    index = shelf.index(seal_at=20)
    settle(index)
    index.close()
    (shelf.folder / "index" / "manifest.json").write_text(content)
    with shelf.index(seal_at=20) as again:
        assert again.status().segments == 0
        shelf.agrees(again, clustered(1)[0], 10)
        settle(again)
        assert again.status().segments == 1
        shelf.agrees(again, clustered(1)[0], 10)


def test_an_index_of_another_store_or_a_later_state_is_not_believed(shelf, clustered) -> None:
    shelf.add(clustered(40))
    index = shelf.index(seal_at=20)
    settle(index)
    index.close()
    path = shelf.folder / "index" / "manifest.json"
    manifest = json.loads(path.read_text())
    for change in ({"identity": "other"}, {"sequence": 10_000}, {"weights": "other"}, {"generation": 9}):
        path.write_text(json.dumps(manifest | change))
        with shelf.index(seal_at=20) as again:
            assert again.status().segments == 0
            shelf.agrees(again, clustered(1)[0], 10)
        # Opening swept the segments; only a rebuild brings them back.
        with shelf.index(seal_at=20) as again:
            settle(again)


def test_a_second_generation_has_its_own_rows(shelf, clustered) -> None:
    shelf.add(clustered(30))
    other = shelf.store.generation("filter-b", None)
    rows = shelf.store.rows_without_filter(other, 99)
    index = Index.open(shelf.folder / "other", shelf.store, other, seal_at=8)
    shelf.store.put_filter(other, rows[10:], clustered(20, dim=9, seed=4))
    settle(index)
    shelf.store.put_filter(other, rows[:10], clustered(10, dim=9, seed=5))  # lower rows, but later
    settle(index)
    found = index.search(clustered(1, dim=9)[0], 99)
    assert sorted(found.rows.tolist()) == rows
    index.close()


CHILD = """
import resource, signal, sys
from pathlib import Path
from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.index import Index
from cbvir_core.store import Store

folder, limit = Path(sys.argv[1]), int(sys.argv[2])
store = Store.open(folder / "store")
index = Index.open(folder / "index", store, store.answering(), seal_at=500)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        index.maintain()
    except DiskFull:
        print("full", index.status().tail, len(list((folder / "index").iterdir())))
else:
    print("ready", flush=True)
    while True:
        index.rebuild()
"""


def child(folder: Path, limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(limit)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("limit", [1000, 30_000, 200_000])
def test_a_full_disk_leaves_the_index_as_it_was(shelf, clustered, limit: int) -> None:
    shelf.add(clustered(2000))
    shelf.store.close()
    with child(shelf.folder, limit) as process:
        assert process.stdout is not None
        assert process.stdout.read().split() == ["full", "2000", "0"]
    shelf.reopen()
    with shelf.index(seal_at=500) as index:
        settle(index)
        assert index.status().segments == 1


def test_a_full_disk_at_the_manifest_leaves_the_index_as_it_was(shelf, clustered, monkeypatch) -> None:
    shelf.add(clustered(600))
    index = shelf.index(seal_at=500)

    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("cbvir_core.index.index.write_manifest", refuse)
        with pytest.raises(DiskFull):
            index.maintain()
    assert list((shelf.folder / "index").iterdir()) == []
    shelf.agrees(index, clustered(1)[0], 5)
    assert index.maintain()
    index.close()


def test_a_killed_builder_harms_nothing(shelf, clustered) -> None:
    shelf.add(clustered(3000))
    shelf.store.close()
    for _ in range(2):
        with child(shelf.folder, 0) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.7)
            process.kill()
        shelf.reopen()
        with shelf.index(seal_at=500) as index:
            shelf.agrees(index, clustered(1)[0], 1)
            settle(index)
            assert index.status().rows == 3000
            assert len(list((shelf.folder / "index").glob("segment-*"))) == index.status().segments
        shelf.store.close()
    shelf.reopen()


def test_closing_ends_a_build_under_way(shelf, clustered) -> None:
    shelf.add(clustered(5000))
    index = shelf.index(seal_at=500)
    started = threading.Event()

    def progress(done: int, total: int) -> None:
        started.set()

    builder = threading.Thread(target=index.rebuild, args=(progress,))
    builder.start()
    assert started.wait(30)
    index.close()
    builder.join(30)
    assert not builder.is_alive()
    with shelf.index(seal_at=500) as again:
        shelf.agrees(again, clustered(1)[0], 1)


def test_a_folder_that_cannot_be_used_is_an_error(shelf) -> None:
    (shelf.folder / "index").write_text("in the way")
    with pytest.raises(StoreError, match="index"):
        shelf.index()
