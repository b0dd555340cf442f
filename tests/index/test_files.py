"""Files of the index: reopening, orphans, other stores, full disks, killed builders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.index import Index, IndexOptions
from cbvir_core.index import build as building
from support.row_store import RowStore, clustered, segments_of, settle

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("kind", "folder"), [("annoy", "index"), ("lists", "index-lists")])
def test_the_same_rows_give_the_same_files(row_store: RowStore, kind: str, folder: str) -> None:
    row_store.add(clustered(1500))
    sums = []
    for _ in range(2):
        index = row_store.index(kind, seal_at=1000)
        settle(index)
        files = [segment.entry.files.items() for segment in segments_of(index)]
        sums.append([(name, file.checksum) for one in files for name, file in one])
        index.close()
        shutil.rmtree(row_store.folder / folder)
    assert sums[0] == sums[1]


def test_a_reopened_index_is_read_and_not_built(row_store: RowStore, monkeypatch: pytest.MonkeyPatch) -> None:
    row_store.add(clustered(1200))
    index = row_store.index(seal_at=1000)
    settle(index)
    row_store.add(clustered(10, seed=1))
    assert index.refresh() == 10
    status = index.status()
    index.close()
    row_store.reopen()
    monkeypatch.setattr(building, "_build", lambda *_: pytest.fail("it was built again"))
    with row_store.index(seal_at=1000) as again:
        assert again.status() == status
        assert not again.maintain()
        row_store.assert_exact(again, clustered(1)[0], 5)


def test_orphans_are_deleted_and_named_files_are_kept(row_store: RowStore) -> None:
    row_store.add(clustered(1200))
    index = row_store.index(seal_at=1000)
    settle(index)
    index.close()
    home = row_store.folder / "index"
    named = {path.name for path in home.iterdir()}
    shutil.copytree(next(home.glob("segment-*")), home / "segment-999999-0")
    (home / ".manifest.json.x.tmp").write_text("{")
    (home / "link").symlink_to(row_store.folder / "store")
    row_store.index(seal_at=1000).close()
    assert {path.name for path in home.iterdir()} == named
    assert (row_store.folder / "store" / "data.mdb").exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"format": 99}', '{"format": 1, "segments": [{}]}']
)
def test_a_manifest_that_cannot_be_understood_is_made_again(row_store: RowStore, content: str) -> None:
    row_store.add(clustered(40))
    index = row_store.index(seal_at=20)
    settle(index)
    index.close()
    (row_store.folder / "index" / "manifest.json").write_text(content)
    with row_store.index(seal_at=20) as again:
        assert again.status().segments == 0
        row_store.assert_exact(again, clustered(1)[0], 10)
        settle(again)
        assert again.status().segments == 1
        row_store.assert_exact(again, clustered(1)[0], 10)


def test_an_index_of_another_store_or_a_later_state_is_not_used(row_store: RowStore) -> None:
    row_store.add(clustered(40))
    index = row_store.index(seal_at=20)
    settle(index)
    index.close()
    path = row_store.folder / "index" / "manifest.json"
    manifest = json.loads(path.read_text())
    for change in ({"identity": "other"}, {"sequence": 10_000}, {"weights": "other"}, {"generation": 9}):
        path.write_text(json.dumps(manifest | change))
        with row_store.index(seal_at=20) as again:
            assert again.status().segments == 0
            row_store.assert_exact(again, clustered(1)[0], 10)
        # Opening deleted the segments; they must be built again.
        with row_store.index(seal_at=20) as again:
            settle(again)


def test_a_second_generation_has_its_own_rows(row_store: RowStore) -> None:
    row_store.add(clustered(30))
    other = row_store.store.generation("filter-b", None)
    rows = row_store.store.rows_without_filter(other, 99)
    index = Index.open(row_store.folder / "other", row_store.store, other, IndexOptions(seal_at=8))
    row_store.store.put_filter(other, rows[10:], clustered(20, dim=9, seed=4))
    settle(index)
    row_store.store.put_filter(other, rows[:10], clustered(10, dim=9, seed=5))  # lower rows, but later
    settle(index)
    found = index.search(clustered(1, dim=9)[0], 99)
    assert sorted(found.rows.tolist()) == rows
    index.close()


CHILD = """
import resource, signal, sys
from pathlib import Path
from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.index import Index, IndexOptions
from cbvir_core.store import Store

folder, limit, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
store = Store.open(folder / "store")
index = Index.open(folder / "index", store, store.answering(), IndexOptions(seal_at=500), kind)
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


def child(folder: Path, limit: int, kind: str = "annoy") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(limit), kind]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("limit", "kind"), [(1000, "annoy"), (30_000, "annoy"), (200_000, "annoy"), (30_000, "lists")]
)
def test_a_full_disk_leaves_the_index_as_it_was(row_store: RowStore, limit: int, kind: str) -> None:
    row_store.add(clustered(2000))
    row_store.store.close()
    with child(row_store.folder, limit, kind) as process:
        assert process.stdout is not None
        assert process.stdout.read().split() == ["full", "2000", "0"]
    row_store.reopen()
    with row_store.index(seal_at=500) as index:
        settle(index)
        assert index.status().segments == 1


def test_a_full_disk_at_the_manifest_leaves_the_index_as_it_was(
    row_store: RowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_store.add(clustered(600))
    index = row_store.index(seal_at=500)

    def refuse(path: Path, _: Path) -> None:
        raise OSError(28, os.strerror(28), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(DiskFull, match="searches go on"):
            index.maintain()
    assert list((row_store.folder / "index").iterdir()) == []
    row_store.assert_exact(index, clustered(1)[0], 5)
    assert index.maintain()
    index.close()


def test_a_killed_builder_harms_nothing(row_store: RowStore) -> None:
    row_store.add(clustered(3000))
    row_store.store.close()
    for _ in range(2):
        with child(row_store.folder, 0) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.7)
            process.kill()
        row_store.reopen()
        with row_store.index(seal_at=500) as index:
            row_store.assert_exact(index, clustered(1)[0], 1)
            settle(index)
            assert index.status().rows == 3000
            assert len(list((row_store.folder / "index").glob("segment-*"))) == index.status().segments
        row_store.store.close()
    row_store.reopen()


def test_closing_ends_a_build_under_way(row_store: RowStore) -> None:
    row_store.add(clustered(5000))
    index = row_store.index(seal_at=500)
    started = threading.Event()

    def progress(done: int, total: int) -> None:
        started.set()

    builder = threading.Thread(target=index.rebuild, args=(progress,))
    builder.start()
    assert started.wait(30)
    index.close()
    builder.join(30)
    assert not builder.is_alive()
    with row_store.index(seal_at=500) as again:
        row_store.assert_exact(again, clustered(1)[0], 1)


def test_a_folder_that_cannot_be_used_is_an_error(row_store: RowStore) -> None:
    (row_store.folder / "index").write_text("in the way")
    with pytest.raises(StoreError, match="index"):
        row_store.index()


def test_a_build_lowers_its_priority_without_privileges() -> None:
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    measured = building.in_low_priority(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert measured == min(19, own + building.BUILD_NICENESS)
    assert own == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
