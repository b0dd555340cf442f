"""Local features of stills: stored by row, deleted with it, and listed where they are missing."""

from __future__ import annotations

import pytest

from cbvir_core.store import Generation, Store
from cbvir_core.types import VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

A = VideoId("aa11")


@pytest.fixture
def rows(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> list[int]:
    store.begin(info("aa11"))
    return store.append(A, keyframes(6), generation, unit_rows(6))


def test_features_come_back_as_they_went_in(store: Store, rows: list[int]) -> None:
    assert store.put_features({rows[0]: b"first", rows[3]: b"fourth"}) == 2
    assert store.features([rows[3], rows[1], rows[0], 999]) == [b"fourth", None, b"first", None]
    assert store.put_features({rows[0]: b"again"}) == 1
    assert store.features(rows[:1]) == [b"again"]


def test_what_is_missing_is_found_in_order(
    store: Store,
    rows: list[int],
    info: MakeInfo,
    keyframes: MakeKeyframes,
    unit_rows: MakeRows,
    generation: Generation,
) -> None:
    assert store.rows_without_features(4) == rows[:4]
    store.put_features(dict.fromkeys(rows[:3], b"x"))
    assert store.rows_without_features(99) == rows[3:]
    store.put_features(dict.fromkeys(rows, b"x"))
    assert store.rows_without_features(99) == []
    more = store.append(A, keyframes(2), generation, unit_rows(2))
    assert store.rows_without_features(99) == more


def test_features_are_deleted_with_their_keyframes(store: Store, rows: list[int]) -> None:
    store.put_features(dict.fromkeys(rows, b"x"))
    store.forget(A)
    assert store.features(rows) == [None] * len(rows)
    assert store.put_features({rows[0]: b"late"}) == 0
    assert store.rows_without_features(99) == []
