"""Thumbnails of scenes: stored by row, deleted with it, and missing in an older store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.decode import decode_strip
from cbvir_core.decode.kept import encode_kept_strip
from cbvir_core.errors import StoreDamaged
from cbvir_core.store import Generation, Store
from cbvir_core.store.environment import Table
from cbvir_core.store.layout import pack_number, pack_thumbnails, unpack_thumbnails
from cbvir_core.types import Keyframe, Thumbnails, VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows, put

A = VideoId("aa11")


def ramps(count: int, height: int = 37, width: int = 64) -> Thumbnails:
    """Return grey ramps, each beginning at another shade, a third of a second apart."""
    across = np.linspace(0, 120, width)
    shades = np.linspace(0, 120, count)[:, None, None] + np.broadcast_to(across, (height, width))
    return Thumbnails(np.arange(count) / 3, shades.astype(np.uint8))


def assert_alike(one: Thumbnails | None, other: Thumbnails) -> None:
    """Assert that times are equal, and frames are but for what their encoding changes."""
    assert one is not None
    np.testing.assert_array_equal(one.times_s, other.times_s)
    assert one.frames.shape == other.frames.shape
    off = np.abs(one.frames.astype(int) - other.frames)
    assert off.max() <= 20
    assert off.mean() <= 3


def kept(store: Store) -> int:
    """Return how many rows have thumbnails."""
    with store._environment.read() as txn:
        return txn.size(Table.THUMBNAILS)


@pytest.fixture
def scenes(keyframes: MakeKeyframes) -> list[Keyframe]:
    """Three keyframes, the second of which has no thumbnails."""
    first, second, third = keyframes(3)
    return [replace(first, thumbnails=ramps(5)), second, replace(third, thumbnails=ramps(1, 128, 72))]


@pytest.fixture
def rows(
    store: Store, info: MakeInfo, scenes: list[Keyframe], unit_rows: MakeRows, generation: Generation
) -> list[int]:
    store.begin(info("aa11"))
    return store.append(A, scenes, generation, unit_rows(3))


def test_thumbnails_come_back_where_there_are_any(store: Store, rows: list[int]) -> None:
    assert_alike(store.thumbnails(rows[0]), ramps(5))
    assert store.thumbnails(rows[1]) is None
    assert_alike(store.thumbnails(rows[2]), ramps(1, 128, 72))
    assert store.thumbnails(999) is None
    assert kept(store) == 2


def test_thumbnails_are_deleted_with_their_keyframes(store: Store, rows: list[int]) -> None:
    store.forget(A)
    assert [store.thumbnails(row) for row in rows] == [None, None, None]
    assert kept(store) == 0


def test_a_video_that_is_begun_anew_leaves_none_behind(
    store: Store,
    rows: list[int],
    scenes: list[Keyframe],
    info: MakeInfo,
    unit_rows: MakeRows,
    generation: Generation,
) -> None:
    assert store.begin(info("aa11"))
    assert kept(store) == 0
    again = store.append(A, scenes[:1], generation, unit_rows(1))
    assert_alike(store.thumbnails(again[0]), ramps(5))
    assert kept(store) == 1


def test_a_scene_of_no_frames_is_one_without(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11"))
    nothing = Thumbnails(np.zeros(0), np.zeros((0, 72, 128), np.uint8))
    (row,) = store.append(A, [replace(keyframes(1)[0], thumbnails=nothing)], generation, unit_rows(1))
    assert store.thumbnails(row) is None


def test_thumbnails_are_there_after_reopening(
    tmp_path: Path, info: MakeInfo, scenes: list[Keyframe], unit_rows: MakeRows
) -> None:
    with Store.open(tmp_path) as store:
        store.begin(info("aa11"))
        rows = store.append(A, scenes, store.generation("f", None), unit_rows(3))
        before = store.thumbnails(rows[0])
    with Store.open(tmp_path) as store:
        after = store.thumbnails(rows[0])
    assert before is not None
    assert_alike(after, ramps(5))
    assert after is not None
    assert np.array_equal(after.frames, before.frames)  # and they outlive the store


# --- a store of an earlier release ---


@pytest.fixture
def older(tmp_path: Path, info: MakeInfo, scenes: list[Keyframe], unit_rows: MakeRows) -> Iterator[Store]:
    """A store of three keyframes, made before there were thumbnails."""
    with Store.open(tmp_path) as store:
        store.begin(info("aa11"))
        store.append(A, scenes, store.generation("f", None), unit_rows(3))
    with lmdb.open(str(tmp_path), max_dbs=64) as raw:
        table = raw.open_db(Table.THUMBNAILS.encode(), create=False)
        with raw.begin(write=True) as txn:
            txn.drop(table, delete=True)
    with Store.open(tmp_path) as store:
        yield store


def test_an_older_store_opens_and_has_none(older: Store) -> None:
    rows = [keyframe.row for keyframe in older.keyframes(A)]
    assert len(rows) == 3
    assert [older.thumbnails(row) for row in rows] == [None, None, None]
    older.forget(A)
    assert older.counts().keyframes == 0


def test_an_older_store_keeps_those_of_new_keyframes(
    older: Store, scenes: list[Keyframe], unit_rows: MakeRows
) -> None:
    (row,) = older.append(A, scenes[:1], older.generation("f", None), unit_rows(1))
    assert_alike(older.thumbnails(row), ramps(5))


# --- bytes ---


@settings(max_examples=50, deadline=None)
@given(
    times=st.lists(st.floats(0, 1e6), min_size=1, max_size=20),
    height=st.integers(1, 128),
    width=st.integers(1, 128),
)
def test_packed_thumbnails_keep_their_times_and_size(times: list[float], height: int, width: int) -> None:
    frames = np.full((len(times), height, width), 99, np.uint8)
    again = unpack_thumbnails(memoryview(pack_thumbnails(Thumbnails(np.array(times), frames))))
    assert again.times_s.dtype == np.float64
    assert again.times_s.tolist() == times
    assert np.array_equal(again.frames, decode_strip(encode_kept_strip(frames), len(times), height))


def test_damaged_thumbnails_are_noticed(store: Store, rows: list[int]) -> None:
    whole = pack_thumbnails(ramps(5))
    headless, strip = whole[:4], whole[4 + 5 * 8 :]
    damaged = (
        b"",
        whole[:3],
        headless,
        whole[:20],
        whole[:-1],
        headless + strip,
        whole[:44] + b"no JPEG" * 50,
    )
    for value in (*damaged, b"\4" + whole[1:], b"\xff" * 4 + whole[4:], b"\0" * len(whole)):
        put(store, Table.THUMBNAILS, pack_number(rows[0]), value)
        with pytest.raises(StoreDamaged, match="thumbnails"):
            store.thumbnails(rows[0])
    assert_alike(store.thumbnails(rows[2]), ramps(1, 128, 72))


@settings(max_examples=200, deadline=None)
@given(places=st.dictionaries(st.integers(0, 9999), st.integers(0, 255), min_size=1, max_size=20))
def test_damage_anywhere_gives_thumbnails_or_the_one_error(places: dict[int, int]) -> None:
    value = bytearray(pack_thumbnails(ramps(5)))
    for place, byte in places.items():
        value[place % len(value)] = byte
    with suppress(StoreDamaged):
        again = unpack_thumbnails(memoryview(value))
        assert len(again) == len(again.frames)
