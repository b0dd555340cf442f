"""Codes of frames: stored and deleted with their rows, listed where they are missing, told by the log."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.errors import DiskFull, StoreDamaged
from cbvir_core.store import FRAMES_GENERATION, FrameCounts, Generation, Store, frames
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_frame_codes, pack_number, unpack_frame_codes
from cbvir_core.types import FrameCodes, VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows, put

A, B = VideoId("aa11"), VideoId("bb22")
CODEC = "codec-1"

Append = Callable[..., list[int]]
"""(video, codes of each keyframe's scene) -> rows of the video, which is begun where it is new."""


def coded(count: int, seed: int = 0) -> FrameCodes:
    """Return codes of three views of two bytes for frames that are a third of a second apart."""
    codes = np.random.default_rng(seed).integers(0, 256, (count, 3, 2), dtype=np.uint8)
    return FrameCodes(np.arange(count) / 3, codes)


def assert_same(one: FrameCodes | None, other: FrameCodes) -> None:
    assert one is not None
    np.testing.assert_array_equal(one.times_s, other.times_s)
    np.testing.assert_array_equal(one.codes, other.codes)


@pytest.fixture
def append(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> Append:
    def appended(video: VideoId, codes: list[FrameCodes | None], count: int = 0) -> list[int]:
        if store.video(video) is None:
            store.begin(info(video))
        size = count or len(codes)
        return store.append(video, keyframes(size), generation, unit_rows(size), codes)

    return appended


# --- rows with and without codes ---


def test_codes_are_stored_with_their_keyframes_and_the_others_wait(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(5), None, coded(0)])
    found = store.frame_codes([rows[2], rows[1], rows[0], 999])
    assert_same(found[0], coded(0))
    assert_same(found[2], coded(5))
    assert (found[1], found[3]) == (None, None)
    assert store.rows_without_frames(9) == [rows[1]]
    assert store.frame_counts() == FrameCounts(coded=2, waiting=1)


def test_without_a_codec_nothing_waits(store: Store, append: Append) -> None:
    rows = append(A, [], count=3)
    assert store.frame_codec() is None
    assert store.frame_codes(rows) == [None] * 3
    assert store.frame_counts() == FrameCounts(0, 0)


def test_rows_that_are_added_without_a_describer_wait_for_the_next_one(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [], count=3)
    assert store.rows_without_frames(9) == rows


def test_every_keyframe_has_codes_or_none_does(store: Store, append: Append) -> None:
    with pytest.raises(ValueError, match="3 keyframes"):
        append(A, [coded(1)], count=3)
    with pytest.raises(ValueError, match="2 frames, 1 times"):
        append(A, [FrameCodes(np.zeros(1), np.zeros((2, 3, 4), np.uint8))])
    assert store.counts().keyframes == 0


def test_what_waits_gets_its_codes_once(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [None, None, None])
    assert store.put_frame_codes({rows[0]: coded(2), rows[2]: coded(1), 999: coded(4)}) == 2
    assert store.put_frame_codes({rows[0]: coded(7, seed=1)}) == 0
    assert_same(store.frame_codes(rows)[0], coded(2))
    assert store.rows_without_frames(9) == [rows[1]]
    assert store.frame_counts() == FrameCounts(2, 1)


def test_what_waits_is_listed_by_video(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    of_b = append(B, [None, None])
    of_a = append(A, [None, coded(1), None])
    more_of_b = append(B, [None])
    assert store.video_without_frames() == A
    assert store.video_without_frames(after=A) == B
    assert store.video_without_frames(after=B) is None
    assert store.rows_without_frames(9, A) == [of_a[0], of_a[2]]
    assert store.rows_without_frames(9, B) == of_b + more_of_b
    assert store.rows_without_frames(2, B) == of_b
    assert store.rows_without_frames(9) == [of_a[0], of_a[2], *of_b, *more_of_b]


def test_codes_and_what_waits_are_deleted_with_their_keyframes(
    store: Store, append: Append, info: MakeInfo
) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(2), None])
    kept = append(B, [coded(3), None])
    store.forget(A)
    assert store.frame_codes(rows) == [None, None]
    assert store.put_frame_codes(dict.fromkeys(rows, coded(1))) == 0
    assert store.frame_counts() == FrameCounts(1, 1)
    assert store.begin(info("bb22"))
    assert store.frame_codes(kept) == [None, None]
    assert store.frame_counts() == FrameCounts(0, 0)


def test_a_full_disk_stores_neither_keyframes_nor_codes(
    store: Store, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.use_frame_codec(CODEC)
    append(A, [coded(1)])
    put_value = Transaction.put

    def full(self: Transaction, table: Table, key: bytes, value: bytes) -> None:
        if table == Table.FRAMES:
            raise OSError(errno.ENOSPC, "no space left")
        put_value(self, table, key, value)

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "put", full)
        with pytest.raises(DiskFull):
            append(A, [None, coded(2)])
        assert (store.counts().keyframes, store.frame_counts()) == (1, FrameCounts(1, 0))
    append(A, [None, coded(2)])
    assert store.frame_counts() == FrameCounts(2, 1)


# --- stores of an earlier release, and other codecs ---


def drop_tables(folder: Path) -> None:
    """Make a store one of the release before there were frame codes."""
    with lmdb.open(str(folder), max_dbs=64) as raw:
        for name in (Table.FRAMES, Table.UNFRAMED):
            table = raw.open_db(name.encode(), create=False)
            with raw.begin(write=True) as txn:
                txn.drop(table, delete=True)
        meta = raw.open_db(Table.META.encode())
        with raw.begin(write=True) as txn:
            txn.delete(b"frame_codec", db=meta)
            txn.delete(b"frames_since", db=meta)


@pytest.mark.parametrize("batch", [2, 4096])
def test_all_rows_of_an_older_store_wait(
    tmp_path: Path,
    info: MakeInfo,
    keyframes: MakeKeyframes,
    unit_rows: MakeRows,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(frames, "FRAME_BATCH_ROWS", batch)
    with Store.open(tmp_path) as store:
        store.begin(info("aa11"))
        rows = store.append(A, keyframes(5), store.generation("f", None), unit_rows(5))
    drop_tables(tmp_path)
    with Store.open(tmp_path) as store:
        assert store.frame_counts() == FrameCounts(0, 0)
        store.use_frame_codec(CODEC)
        assert store.rows_without_frames(9) == rows
        store.put_frame_codes({rows[1]: coded(1)})
    with Store.open(tmp_path) as store:
        store.use_frame_codec(CODEC)
        assert store.frame_codec() == CODEC
        assert store.rows_without_frames(9) == [rows[0], *rows[2:]]


def test_codes_of_another_codec_are_dropped(
    store: Store, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "FRAME_BATCH_ROWS", 2)
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), coded(2), None, coded(3), coded(1)])
    store.use_frame_codec("codec-2")
    assert store.frame_codec() == "codec-2"
    assert store.frame_codes(rows) == [None] * 5
    assert store.rows_without_frames(9) == rows


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_change_of_codec_that_is_cut_short_is_made_good(
    store: Store, append: Append, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    monkeypatch.setattr(frames, "FRAME_BATCH_ROWS", 2)
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), coded(2), None, coded(3), coded(1)])
    write, calls = store._environment.write, 0

    def cut(work: Callable[[Transaction], object]) -> object:
        nonlocal calls
        calls += 1
        if calls == moment:
            raise KeyboardInterrupt
        return write(work)

    with monkeypatch.context() as patch:
        patch.setattr(store._environment, "write", cut)
        with pytest.raises(KeyboardInterrupt):
            store.use_frame_codec("codec-2")
    assert store.frame_codec() == (CODEC if moment == 1 else None)
    store.use_frame_codec("codec-2")
    assert store.frame_codes(rows) == [None] * 5
    assert store.rows_without_frames(9) == rows


def test_rows_that_an_older_release_added_meanwhile_are_noticed(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), coded(2)])

    def as_before(txn: Transaction) -> None:
        txn.delete(Table.META, b"frame_codec")

    store._environment.write(as_before)
    more = append(B, [], count=2)
    put(store, Table.META, b"frame_codec", CODEC.encode())
    store.use_frame_codec(CODEC)
    assert store.rows_without_frames(9) == more
    assert_same(store.frame_codes(rows)[1], coded(2))


# --- the change log ---


def test_the_log_tells_which_rows_got_codes(store: Store, append: Append, generation: Generation) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), None, coded(2)])
    changes = store.changes(FRAMES_GENERATION, 0)
    assert (changes.added.tolist(), changes.whole) == ([rows[0], rows[2]], False)
    assert store.changes(generation, 0).added.tolist() == rows
    store.put_frame_codes({rows[1]: coded(1)})
    store.forget(A)
    after = store.changes(FRAMES_GENERATION, changes.last)
    assert (after.added.tolist(), after.forgotten.tolist()) == ([rows[1]], rows)


def test_a_reader_behind_the_log_gets_every_row_with_codes(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), None, coded(2)])
    store.trim_changes(store.last_change(), batch=3)
    changes = store.changes(FRAMES_GENERATION, 0)
    assert (changes.added.tolist(), changes.whole) == ([rows[0], rows[2]], True)
    assert changes.added.dtype == np.int64
    assert changes.last == store.last_change()


def test_a_reader_from_before_another_codec_gets_every_row_once(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1), coded(2)])
    behind = store.changes(FRAMES_GENERATION, 0).last
    store.use_frame_codec("codec-2")
    store.put_frame_codes({rows[1]: coded(1)})
    changes = store.changes(FRAMES_GENERATION, 0)
    assert (changes.added.tolist(), changes.whole) == ([rows[1]], True)
    later = store.changes(FRAMES_GENERATION, behind)
    assert (later.added.tolist(), later.whole) == ([rows[1]], False)


def test_a_generation_that_is_dropped_leaves_the_codes(
    store: Store, append: Append, generation: Generation
) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(1)])
    store.drop_generation(generation)
    assert_same(store.frame_codes(rows)[0], coded(1))


# --- bytes ---


@given(times=st.lists(st.floats(0, 1e6), max_size=20), views=st.integers(1, 14), width=st.integers(1, 64))
def test_packed_codes_come_back(times: list[float], views: int, width: int) -> None:
    codes = np.random.default_rng(len(times)).integers(0, 256, (len(times), views, width), dtype=np.uint8)
    again = unpack_frame_codes(memoryview(pack_frame_codes(FrameCodes(np.array(times), codes))))
    assert again.times_s.tolist() == times
    assert again.times_s.dtype == np.float64
    assert again.codes.dtype == np.uint8
    np.testing.assert_array_equal(again.codes, codes)


def test_damaged_codes_are_noticed(store: Store, append: Append) -> None:
    store.use_frame_codec(CODEC)
    rows = append(A, [coded(5), coded(2)])
    whole = pack_frame_codes(coded(5))
    for value in (b"", whole[:5], whole[:20], whole[:-1], whole + b"\0", b"\4" + whole[1:], b"\xff" * 40):
        put(store, Table.FRAMES, pack_number(rows[0]), value)
        with pytest.raises(StoreDamaged, match="frames"):
            store.frame_codes(rows)
    assert_same(store.frame_codes(rows[1:])[0], coded(2))


@settings(max_examples=200, deadline=None)
@given(places=st.dictionaries(st.integers(0, 9999), st.integers(0, 255), min_size=1, max_size=20))
def test_damage_anywhere_gives_codes_or_the_one_error(places: dict[int, int]) -> None:
    value = bytearray(pack_frame_codes(coded(5)))
    for place, byte in places.items():
        value[place % len(value)] = byte
    with suppress(StoreDamaged):
        again = unpack_frame_codes(memoryview(value))
        assert len(again) == len(again.codes)
