"""How far videos are compared and what they share: stored together, deleted with either video."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cbvir_core.errors import StoreDamaged
from cbvir_core.store import Comparison, Generation, SharedSegment, Store
from cbvir_core.store.environment import Table
from cbvir_core.types import VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows, put

A, B, C = VideoId("aa11"), VideoId("bb22"), VideoId("cc33")
CODEC = "codec-1"


@pytest.fixture
def compared(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> Store:
    """A store of three videos whose comparison has begun, in the order of their names."""
    store.use_compared_codec(CODEC)
    for video in (A, B, C):
        store.begin(info(video))
        store.append(video, keyframes(4), generation, unit_rows(4))
        store.finish(video, damaged=0, duration_s=4.0)
        store.begin_comparison(video)
    return store


def shared(first: VideoId, second: VideoId, start_s: float = 0.0) -> SharedSegment:
    span = start_s, start_s + 2.5
    return SharedSegment(first, span, second, (7.25, 9.75), 0.5, True, 0.75, 0.9375)


def test_videos_are_numbered_as_their_comparison_begins(compared: Store) -> None:
    assert compared.comparisons() == {A: Comparison(1), B: Comparison(2), C: Comparison(3)}
    assert compared.begin_comparison(B) == Comparison(2)


def test_only_complete_videos_are_compared(store: Store, info: MakeInfo) -> None:
    store.begin(info(A))
    assert store.begin_comparison(A) is None
    assert store.begin_comparison(B) is None
    assert store.comparisons() == {}


def test_what_was_found_is_stored_with_how_far_it_is(compared: Store) -> None:
    found = [shared(B, A), shared(B, A, 10.0)]
    version = compared.shared_version()
    after = compared.advance_comparison(B, Comparison(2), 3, found)
    assert after == Comparison(2, 3) == compared.comparisons()[B]
    assert list(compared.shared_segments()) == found
    assert compared.shared_version() > version


def test_a_step_that_another_one_has_done_stores_nothing(compared: Store) -> None:
    """So that a step which is done twice leaves nothing doubled."""
    compared.advance_comparison(B, Comparison(2), 3, [shared(B, A)])
    assert compared.advance_comparison(B, Comparison(2), 3, [shared(B, A)]) is None
    assert list(compared.shared_segments()) == [shared(B, A)]


def test_segments_with_a_video_that_is_gone_are_left_out(compared: Store) -> None:
    compared.forget(A)
    compared.advance_comparison(C, Comparison(3), 1, [shared(C, A), shared(C, B)])
    assert list(compared.shared_segments()) == [shared(C, B)]


@pytest.mark.parametrize("gone", [A, B])
def test_what_a_video_shares_is_deleted_with_it(compared: Store, gone: VideoId) -> None:
    compared.advance_comparison(B, Comparison(2), 4, [shared(B, A)])
    compared.advance_comparison(C, Comparison(3), 4, [shared(C, A), shared(C, B)])
    version = compared.shared_version()
    compared.forget(gone)
    (left,) = compared.shared_segments()
    assert gone not in (left.first, left.second)
    assert gone not in compared.comparisons()
    assert compared.shared_version() > version
    compared.forget(C)
    assert list(compared.shared_segments()) == []
    assert compared.comparisons().keys() == {A, B} - {gone}


def test_a_video_that_is_read_again_is_compared_again(compared: Store, info: MakeInfo) -> None:
    compared.advance_comparison(B, Comparison(2), 4, [shared(B, A)])
    damaged = compared.video(B)
    assert damaged is not None
    compared.begin(info(B))  # known and complete: nothing changes
    assert list(compared.shared_segments()) == [shared(B, A)]
    compared.finish(B, damaged=3, duration_s=None)
    assert compared.begin(info(B))
    assert list(compared.shared_segments()) == []
    assert B not in compared.comparisons()
    assert compared.advance_comparison(B, Comparison(2, 4), 4, [shared(B, A)]) is None


def test_another_codec_begins_anew_and_the_same_one_does_not(compared: Store) -> None:
    compared.advance_comparison(B, Comparison(2), 4, [shared(B, A)])
    compared.use_compared_codec(CODEC)
    assert list(compared.shared_segments()) == [shared(B, A)]
    compared.use_compared_codec("codec-2")
    assert list(compared.shared_segments()) == []
    assert compared.comparisons() == {}


def test_many_segments_are_read_in_parts(compared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cbvir_core.store.comparisons.READ_BATCH_SHARED", 3)
    found = [shared(B, A, float(start_s)) for start_s in range(10)]
    compared.advance_comparison(B, Comparison(2), 4, found)
    assert list(compared.shared_segments()) == found


@pytest.mark.parametrize(
    ("table", "key", "read"),
    [
        (Table.COMPARED, A.encode(), Store.comparisons),
        (Table.SHARED, b"aa11:bb22:" + bytes(8), lambda store: list(store.shared_segments())),
    ],
)
def test_damage_is_told(compared: Store, table: Table, key: bytes, read: Callable[[Store], object]) -> None:
    put(compared, table, key, b"short")
    with pytest.raises(StoreDamaged, match="wrong length"):
        read(compared)


def test_spans_are_kept_exactly(compared: Store) -> None:
    spans = np.random.default_rng(0).uniform(0, 1e5, 4).tolist()
    one = SharedSegment(B, (spans[0], spans[1]), A, (spans[2], spans[3]))
    compared.advance_comparison(B, Comparison(2), 4, [one])
    assert list(compared.shared_segments()) == [one]
