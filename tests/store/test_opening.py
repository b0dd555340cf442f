"""Opening a store: one process, schema version, damaged files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import lmdb
import numpy as np
import pytest

from cbvir_core.errors import StoreBusy, StoreDamaged, StoreError, StoreVersion
from cbvir_core.store import Store
from cbvir_core.store.environment import Environment, Table, Transaction
from cbvir_core.store.rwlock import ReadWriteLock
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows, put


def test_a_second_writer_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with Store.open(tmp_path), pytest.raises(StoreBusy, match=f"process {os.getpid()} "):
        Store.open(tmp_path)
    Store.open(tmp_path).close()


def test_closing_twice_is_harmless_and_use_after_it_is_an_error(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.videos()
    with pytest.raises(StoreError):
        store.generation("f", None)


def test_everything_is_there_after_reopening(
    tmp_path: Path, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    with Store.open(tmp_path) as store:
        identity, generation = store.identity, store.generation("f", "r")
        store.set_answering(generation)
        store.begin(info("aa11"))
        rows = store.append(info("aa11").video_id, keyframes(3), generation, unit_rows(3))
        videos, counts = store.videos(), store.counts()
    with Store.open(tmp_path) as store:
        assert (store.identity, store.answering(), store.videos()) == (identity, generation, videos)
        assert store.counts() == counts
        np.testing.assert_allclose(store.filter_rows(generation, rows), unit_rows(3), atol=1e-3)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store._environment.write(lambda txn: txn.put(Table.META, b"schema", b"99"))
    with pytest.raises(StoreVersion, match="99"):
        Store.open(tmp_path)
    with pytest.raises(StoreVersion):  # the refusal released the lock
        Store.open(tmp_path)


def test_a_foreign_environment_is_refused(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), max_dbs=2) as foreign:
        meta = foreign.open_db(b"meta")
        with foreign.begin(write=True) as txn:
            txn.put(b"something", b"else", db=meta)
    with pytest.raises(StoreVersion):
        Store.open(tmp_path)


@pytest.mark.parametrize("rubbish", [b"rubbish" * 5000, b"\0" * 8192, b"x" * 100])
def test_a_file_that_is_no_store_is_called_damaged(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "data.mdb").write_bytes(rubbish)
    with pytest.raises(StoreDamaged):
        Store.open(tmp_path)
    assert (tmp_path / "data.mdb").read_bytes() == rubbish


def test_a_store_that_was_cut_short_is_an_error_and_no_crash(
    tmp_path: Path, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    with Store.open(tmp_path) as store:
        generation = store.generation("f", None)
        store.begin(info("aa11"))
        for batch in range(20):
            store.append(info("aa11").video_id, keyframes(8), generation, unit_rows(8, seed=batch, dim=1280))
    data = tmp_path / "data.mdb"
    os.truncate(data, data.stat().st_size // 3)

    def read_all() -> None:
        with Store.open(tmp_path) as store:
            store.videos()
            list(store.scan_filter(generation))

    with pytest.raises(StoreDamaged):
        read_all()


def test_damaged_records_are_called_damaged(tmp_path: Path, info: MakeInfo) -> None:
    with Store.open(tmp_path) as store:
        store.begin(info("aa11"))
        for value in (b"no json", b"[1]", b'{"video_id": "aa11", "paths": []}', b"{}"):
            put(store, Table.VIDEOS, b"aa11", value)
            with pytest.raises(StoreDamaged):
                store.videos()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        Store.open(tmp_path / "file" / "store")


def test_a_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    environment = Environment(tmp_path)

    def work(txn: Transaction) -> None:
        txn.put(Table.META, b"half", b"written")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        environment.write(work)
    with environment.read() as txn:
        assert txn.get(Table.META, b"half") is None
    environment.close()


def test_the_map_grows_within_one_large_transaction(tmp_path: Path) -> None:
    environment = Environment(tmp_path, first_map_bytes=1 << 20)
    runs = []

    def work(txn: Transaction) -> None:
        runs.append(environment.map_bytes)
        for key in range(100):
            txn.put(Table.STILLS, key.to_bytes(8, "big"), bytes(100_000))

    environment.write(work)
    assert runs == sorted(set(runs))
    assert len(runs) > 3
    with environment.read() as txn:
        assert txn.size(Table.STILLS) == 100
    environment.close()


def test_the_lock_is_shared_by_many_or_held_by_one() -> None:
    lock = ReadWriteLock()
    sharing, exclusive, order = threading.Event(), threading.Event(), []

    def share() -> None:
        with lock.shared():
            sharing.set()
            with lock.shared():  # a thread that shares the lock does not wait for itself
                assert not exclusive.wait(0.05)
            order.append("shared")

    def take_exclusively() -> None:
        with lock.exclusive():
            order.append("exclusive")
            exclusive.set()

    first = threading.Thread(target=share)
    first.start()
    assert sharing.wait(5)
    second = threading.Thread(target=take_exclusively)
    second.start()
    first.join(5)
    second.join(5)
    assert order == ["shared", "exclusive"]
    with lock.shared(), pytest.raises(RuntimeError), lock.exclusive():
        pass
    with lock.shared():
        pass
