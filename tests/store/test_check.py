"""The check of a whole store: nothing is wrong with a good one, and each planted fault is named."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.store import Store, Table, upgrade
from cbvir_core.store.check import check_store
from cbvir_core.store.environment import Environment, Transaction
from cbvir_core.store.layout import generation_key, pack_number, row_key
from cbvir_core.types import FrameCodes, Thumbnails
from cbvir_core.verify import describe, pack
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows
from torture.older import with_former_schema

CODEC = "network-codec"
Plant = Callable[[Transaction], object]


def thumbnails() -> Thumbnails:
    return Thumbnails(np.array([0.0, 0.5]), np.full((2, 12, 20), 90, np.uint8))


def codes() -> FrameCodes:
    return FrameCodes(np.array([0.0, 0.5]), np.zeros((2, 5, 34), np.uint8))


@pytest.fixture(scope="module")
def features() -> bytes:
    return pack(describe(np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)))


@pytest.fixture
def folder(
    tmp_path: Path, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, features: bytes
) -> Path:
    """A store of three videos, with everything that a store can hold."""
    folder = tmp_path / "made"
    with Store.open(folder) as store:
        generation = store.generation("filter", "refine")
        store.set_answering(generation)
        store.use_frame_codec(CODEC)
        for name in ("one", "two", "gone"):
            video = info(name, f"/films/{name}.mp4")
            store.begin(video)
            made = [replace(one, thumbnails=thumbnails()) for one in keyframes(4)]
            frames = [codes(), codes(), None, codes()]
            store.append(video.video_id, made, generation, unit_rows(4), frames)
            store.finish(video.video_id, damaged=int(name == "two"), duration_s=4.0)
        rows = store.rows_without_features(100)
        store.put_features(dict.fromkeys(rows[:6], features))
        store.put_refine(generation, rows[:5], unit_rows(5))
        store.forget(info("gone", "").video_id)
    return folder


def faults(folder: Path) -> list[str]:
    return [str(fault) for fault in check_store(folder).faults]


def test_nothing_is_wrong_with_a_good_store(folder: Path) -> None:
    found = check_store(folder)
    assert (found.videos, found.keyframes, found.faults) == (2, 8, ())


def first_key(txn: Transaction, table: Table) -> bytes:
    return next(iter(txn.keys(table, b"")))


def cut(table: Table) -> Plant:
    """Cut the first value of a table in the middle."""

    def plant(txn: Transaction) -> None:
        key = first_key(txn, table)
        value = txn.get(table, key)
        assert value is not None
        txn.put(table, key, bytes(value)[: len(value) // 2])

    return plant


def lost(table: Table) -> Plant:
    """Delete the first entry of a table."""
    return lambda txn: txn.delete(table, first_key(txn, table))


def added(table: Table, key: bytes, value: bytes = b"") -> Plant:
    return lambda txn: txn.put(table, key, value)


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (cut(Table.VIDEOS), "videos"),
        (cut(Table.ROWS), "rows"),
        (cut(Table.STILLS), "stills: row 1"),
        (cut(Table.THUMBNAILS), "thumbnails: row 1"),
        (cut(Table.FEATURES), "features: row 1"),
        (cut(Table.FRAMES), "frames: row 1"),
        (cut(Table.DESCRIPTORS), "descriptors: row 1"),
        (cut(Table.CHANGES), "changes"),
        (lost(Table.VIDEOS), "rows: row 1 is of a video that is not known"),
        (lost(Table.PATHS), "paths: a path of"),
        (lost(Table.NUMBERS), "numbers: no name of a keyframe leads to row"),
        (lost(Table.ROWS), "meta: 8 keyframes are counted, 7"),
        (lost(Table.STILLS), "stills: row 1 should be there"),
        (lost(Table.FRAMES), "unframed: row 1 should be there"),
        (lost(Table.FEATURES), "unfeatured: row 1 should be there"),
        (lost(Table.UNFEATURED), "unfeatured: row"),
        (lost(Table.UNREFINED), "unrefined: row 6 should be there"),
        (lost(Table.DESCRIPTORS), "rows of generation 1 are counted, 7"),
        (lost(Table.SEARCHABLE), "searchable: rows 1, 2, 3, 4, 5 and 3 others should be there"),
        (lost(Table.PARTIAL), "is not listed"),
        (added(Table.PATHS, b"x" * 32, b"one"), "paths:"),
        (lost(Table.FOLDERS), "folders: what is counted of a folder"),
        (added(Table.FOLDERS, b"x" * 64, pack_number(3) + b"films"), "folder 'films' is not what"),
        (added(Table.STILLS, pack_number(99), b"x"), "stills: row 99 should not be there"),
        (added(Table.DESCRIPTORS, row_key(7, 1), b"x"), "generation 7, which is not known"),
        (added(Table.COMPARED, b"nobody", b""), "compared"),
        (added(Table.SHARED_BY, b"a:b:" + pack_number(1)), "shared_by"),
    ],
)
def test_a_planted_fault_is_named(folder: Path, plant: Plant, named: str) -> None:
    with closing(Environment(folder)) as environment:
        environment.write(plant)
    found = faults(folder)
    assert any(named in fault for fault in found), found


def test_what_a_kill_leaves_of_a_dropped_generation_is_no_fault(folder: Path, unit_rows: MakeRows) -> None:
    with Store.open(folder) as store:
        other = store.generation("another filter", None)
        store.put_filter(other, [1, 2], unit_rows(2))
        # The first of the transactions of `drop_generation`; the next opening sweeps the rows.
        store._environment.write(lambda txn: txn.delete(Table.GENERATIONS, generation_key(other.number)))
    assert faults(folder) == []
    Store.open(folder).close()
    with closing(Environment(folder)) as environment, environment.read() as txn:
        prefix = generation_key(other.number)
        assert list(txn.keys(Table.DESCRIPTORS, prefix, prefix)) == []


def test_a_store_of_the_first_schema_has_no_lists_yet(folder: Path) -> None:
    with_former_schema(folder)
    assert faults(folder) == []
    with closing(Environment(folder)) as environment:
        environment.write(partial(upgrade._list_some, 0))  # a kill ends it there
    assert faults(folder) == []
    Store.open(folder).close()
    assert faults(folder) == []


def test_it_reads_beside_the_process_that_writes(folder: Path) -> None:
    """As another process would: the lock of the writer does not keep it out, and nothing is written."""
    before = (folder / "data.mdb").read_bytes()
    assert faults(folder) == []
    assert (folder / "data.mdb").read_bytes() == before
