"""Keyframes, stills and descriptors."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.decode import decode_still
from cbvir_core.errors import StoreDamaged, StoreError, UnknownVideo
from cbvir_core.store import Generation, Store
from cbvir_core.store.layout import (
    filter_matrix,
    pack_descriptors,
    pack_keyframe,
    pack_refine,
    refine_matrix,
    refine_part,
    row_key,
    to_half,
    unpack_keyframe,
    unpack_row_key,
)
from cbvir_core.types import Keyframe, KeyframeId, VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

A, B = VideoId("aa11"), VideoId("aa22")
NOTHING = np.zeros((1, 1, 3), dtype=np.uint8)


@pytest.fixture
def filled(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> list[int]:
    store.begin(info("aa11"))
    return store.append(A, keyframes(6), generation, unit_rows(6))


def test_searchable_rows_of_videos(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    """Not those of blank keyframes, nor of a video that was forgotten meanwhile."""
    store.begin(info("aa11"))
    store.begin(info("aa22"))
    one, blank, two = keyframes(3)
    mixed = [one, replace(blank, quality=0.0), two]
    rows = store.append(A, mixed, generation, unit_rows(3))
    others = store.append(B, keyframes(1), generation, unit_rows(1))
    assert store.searchable_rows([A, B]) == [rows[0], rows[2], *others]
    store.forget(B)
    assert store.searchable_rows([A, B]) == [rows[0], rows[2]]


def test_keyframes_come_back_as_they_went_in(store: Store, filled: list[int]) -> None:
    rows = store.keyframes(A)
    assert [row.row for row in rows] == filled == sorted(filled)
    assert [(r.time_s, r.scene_start_s, r.scene_end_s, r.quality) for r in rows][2] == (2.5, 2.0, 3.0, 0.25)
    assert store.keyframe_rows([filled[4], 999, filled[0]]) == [rows[4], None, rows[0]]
    assert store.row_of(KeyframeId(A, 3)) == filled[3]
    assert store.last_row() == filled[-1]


def test_forgotten_and_blank_rows_are_not_searchable(
    store: Store, filled: list[int], keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    scene = keyframes(1)[0]
    shades = [replace(scene, quality=quality) for quality in (0.0, 1e-3)]
    blank, faint = store.append(A, shades, generation, unit_rows(2))
    rows = np.array([filled[0], 999, blank, faint])
    assert store.searchable(rows).tolist() == [True, False, False, True]
    assert len(store.keyframes(A)) == 8  # the span of the blank one is still covered
    store.forget(A)
    assert not store.searchable(rows).any()


def test_stills_are_jpeg_of_the_pictures_as_they_are(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11"))
    wide = Keyframe(0.0, 0.0, 1.0, np.full((128, 512, 3), 77, dtype=np.uint8))
    (row,) = store.append(A, [wide], generation, unit_rows(1))
    still = store.still(KeyframeId(A, 0))
    assert still == store.still_of_row(row)
    assert decode_still(still).shape == (128, 512, 3)
    assert abs(int(decode_still(still).mean()) - 77) <= 1


@pytest.mark.parametrize(
    "keyframe_id", [KeyframeId(A, 6), KeyframeId(VideoId("ff"), 0), KeyframeId(A, 2**40)]
)
def test_unknown_keyframes(store: Store, filled: list[int], keyframe_id: KeyframeId) -> None:
    with pytest.raises(UnknownVideo):
        store.still(keyframe_id)


def test_descriptors_come_back_in_the_order_of_the_rows(
    store: Store, filled: list[int], generation: Generation, unit_rows: MakeRows
) -> None:
    expected = unit_rows(6).astype(np.float16).astype(np.float32)
    wanted = [filled[5], 999, filled[0], filled[5]]
    rows = store.filter_rows(generation, wanted)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[[0, 2, 3]], expected[[5, 0, 5]])
    assert not rows[1].any()
    present, mask = store.present_filter_rows(generation, wanted)
    np.testing.assert_array_equal(present, expected[[5, 0, 5]])
    assert mask.tolist() == [True, False, True, True]


def test_refine_descriptors_are_filled_in_later(
    store: Store, filled: list[int], generation: Generation, unit_rows: MakeRows
) -> None:
    assert store.rows_without_refine(generation, 3) == filled[:3]
    refined = unit_rows(2, seed=1, dim=20)
    assert store.put_refine(generation, [filled[1], 999, filled[4]], refined[[0, 0, 1]]) == 2
    assert store.put_refine(generation, [filled[1]], refined[:1]) == 1
    rows, present = store.refine_rows(generation, filled)
    assert present.tolist() == [False, True, False, False, True, False]
    np.testing.assert_allclose(rows[present], refined, atol=1e-3)
    assert store.counts() == store.counts(generation)
    assert (store.counts().filtered, store.counts().refined) == (6, 2)
    assert store.rows_without_refine(generation, 9) == [filled[n] for n in (0, 2, 3, 5)]
    np.testing.assert_allclose(store.filter_rows(generation, filled), unit_rows(6), atol=1e-3)
    store.forget(A)
    assert (store.counts().filtered, store.counts().refined) == (0, 0)
    assert store.put_refine(generation, [filled[0]], refined[:1]) == 0


def test_scanning_gives_every_row_once(
    store: Store, filled: list[int], generation: Generation, unit_rows: MakeRows
) -> None:
    batches = list(store.scan_filter(generation, batch=4))
    assert [len(rows) for rows, _ in batches] == [4, 2]
    assert np.concatenate([rows for rows, _ in batches]).tolist() == filled
    np.testing.assert_allclose(np.concatenate([v for _, v in batches]), unit_rows(6), atol=1e-3)
    assert [r.tolist() for r, _ in store.scan_filter(generation, after_row=filled[3])] == [filled[4:]]


def test_mismatched_lengths_are_refused_before_anything_is_written(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11"))
    with pytest.raises(ValueError, match="3 keyframes"):
        store.append(A, keyframes(3), generation, unit_rows(2))
    assert store.counts().keyframes == 0


def test_an_empty_batch_is_nothing(store: Store, info: MakeInfo, generation: Generation) -> None:
    store.begin(info("aa11"))
    assert store.append(A, [], generation, np.zeros((0, 4), dtype=np.float32)) == []
    assert store.refine_rows(generation, [])[0].shape[0] == 0
    assert store.filter_rows(generation, [7]).shape[0] == 1


def test_a_dropped_generation_takes_no_rows(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    dropped = store.generation("other", None)
    store.drop_generation(dropped)
    store.begin(info("aa11"))
    with pytest.raises(StoreError, match="generation"):
        store.append(A, keyframes(1), dropped, unit_rows(1))
    assert store.counts().keyframes == 0


def test_readers_see_whole_batches_while_the_map_grows(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11"))
    stop = threading.Event()
    seen: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                rows = [row.row for row in store.keyframes(A)]
                seen.append(len(rows))
                assert store.filter_rows(generation, rows).any(axis=1).all()
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    before = store._environment.map_bytes
    for batch in range(25):
        store.append(A, keyframes(8, first=8 * batch), generation, unit_rows(8, seed=batch, dim=4096))
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert store._environment.map_bytes > before
    assert all(count % 8 == 0 for count in seen)
    assert store.counts().keyframes == 200


@given(
    st.text("0123456789abcdef", min_size=1, max_size=64),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1e6),
    st.floats(0, 1, width=32),
)
def test_keyframe_records_round_trip(video: str, number: int, time_s: float, quality: float) -> None:
    keyframe_id = KeyframeId(VideoId(video), number)
    packed = pack_keyframe(keyframe_id, Keyframe(time_s, 0.0, time_s + 1, NOTHING, quality))
    row = unpack_keyframe(7, memoryview(packed))
    assert (row.keyframe_id, row.time_s, row.scene_end_s, row.quality) == (
        keyframe_id,
        time_s,
        time_s + 1,
        quality,
    )


@given(st.integers(1, 2**32 - 1), st.lists(st.integers(0, 2**63 - 1), min_size=2))
def test_keys_sort_as_their_numbers(generation: int, rows: list[int]) -> None:
    keys = [row_key(generation, row) for row in rows]
    assert [unpack_row_key(key)[1] for key in sorted(keys)] == sorted(rows)


def test_damaged_values_are_noticed(unit_rows: MakeRows) -> None:
    value = pack_descriptors(to_half(unit_rows(1))[0], None)
    assert refine_part(memoryview(value)) is None
    refine_row = to_half(unit_rows(1, dim=5))[0]
    whole = memoryview(pack_descriptors(to_half(unit_rows(1))[0], refine_row))  # as earlier releases packed
    part = refine_part(whole)
    assert part is not None
    assert bytes(part) == pack_refine(refine_row)
    assert refine_matrix([part]).shape == (1, 5)
    with pytest.raises(StoreDamaged):
        refine_matrix([part[:-1]])
    assert filter_matrix([whole, memoryview(value)]).shape == (2, 12)
    for broken in (b"", b"\0" * len(value), value[:-1]):
        with pytest.raises(StoreDamaged):
            filter_matrix([memoryview(broken)])
    with pytest.raises(StoreDamaged, match="differ"):
        filter_matrix(
            [memoryview(value), memoryview(pack_descriptors(to_half(unit_rows(1, dim=3))[0], None))]
        )
    with pytest.raises(StoreDamaged):
        unpack_keyframe(1, memoryview(b"short"))
