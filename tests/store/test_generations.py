"""Generations of descriptors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.errors import StoreError
from cbvir_core.store import DescriptorCounts, Generation, Store
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_number
from cbvir_core.types import VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

A = VideoId("aa11")


@pytest.fixture
def filled(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> list[int]:
    store.begin(info("aa11"))
    return store.append(A, keyframes(6), generation, unit_rows(6))


def test_the_same_weights_are_the_same_generation(store: Store) -> None:
    one = store.generation("f1", "r1")
    assert store.generation("f1", "r1") == one
    assert store.generation("f2", "r1") != one
    assert store.generation("f1", "r2") != one
    assert store.generation("f1", None).filter == "f1"
    assert len(store.generations()) == 3


def test_without_an_answering_generation_nothing_is_counted(store: Store) -> None:
    assert store.answering() is None
    assert store.counts() == DescriptorCounts(0, 0, 0)


def test_a_filter_only_generation_takes_on_refine_weights(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> None:
    plain = store.generation("f1", None)
    store.set_answering(plain)
    store.begin(info("aa11"))
    rows = store.append(A, keyframes(3), plain, unit_rows(3))
    assert store.rows_without_refine(plain, 9) == []
    grown = store.generation("f1", "r1")
    assert (grown.number, grown.refine) == (plain.number, "r1")
    assert store.answering() == grown
    assert store.rows_without_refine(grown, 9) == rows
    assert store.counts() == DescriptorCounts(3, 3, 0)


def test_a_second_generation_is_filled_from_the_first(
    store: Store, filled: list[int], generation: Generation, unit_rows: MakeRows, keyframes: MakeKeyframes
) -> None:
    target = store.generation("filter-b", "refine-b")
    assert store.rows_without_filter(target, 4) == filled[:4]
    assert store.put_filter(target, filled[:4], unit_rows(4, seed=3, dim=7)) == 4
    assert store.put_filter(target, [filled[0], 999], unit_rows(2, seed=4, dim=7)) == 0
    later = store.append(A, keyframes(2, first=6), generation, unit_rows(2))
    assert store.rows_without_filter(target, 9) == filled[4:] + later
    store.put_filter(target, filled[4:] + later, unit_rows(4, seed=5, dim=7))
    assert store.rows_without_filter(target, 9) == []
    assert store.counts(target) == DescriptorCounts(8, 8, 0)
    assert store.filter_rows(target, filled).shape == (6, 7)
    assert store.changes(target, 0).added.tolist() == filled + later
    store.set_answering(target)
    store.drop_generation(generation)
    assert store.answering() == target
    assert not store.filter_rows(generation, filled).any()
    assert store.filter_rows(target, filled).any(axis=1).all()
    store.forget(A)
    assert store.counts() == DescriptorCounts(0, 0, 0)


def test_a_gap_below_filled_rows_is_found(store: Store, filled: list[int], unit_rows: MakeRows) -> None:
    target = store.generation("filter-b", None)
    store.put_filter(target, filled[3:], unit_rows(3))
    assert store.rows_without_filter(target, 9) == filled[:3]
    store.put_filter(target, filled[1:3], unit_rows(2))
    assert store.rows_without_filter(target, 9) == filled[:1]


def test_numbers_of_dropped_generations_are_not_used_again(store: Store) -> None:
    first = store.generation("f1", None)
    store.set_answering(first)
    store.drop_generation(first)
    assert store.answering() is None
    assert store.generation("f1", None).number > first.number
    with pytest.raises(StoreError):
        store.set_answering(first)


def test_what_a_crash_left_of_a_dropped_generation_is_swept(
    store: Store, filled: list[int], generation: Generation
) -> None:
    store._environment.write(lambda txn: txn.delete(Table.GENERATIONS, generation.number.to_bytes(4, "big")))
    path = store._environment.folder
    store.close()
    with Store.open(path) as again, again._environment.read() as txn:
        assert txn.size(Table.DESCRIPTORS) == txn.size(Table.UNREFINED) == 0


def test_every_store_has_its_own_identity(store: Store, tmp_path: Path) -> None:
    with Store.open(tmp_path / "other") as other:
        assert len(store.identity) == 32
        assert store.identity != other.identity


def test_the_row_up_to_which_a_generation_is_filled_is_kept(
    store: Store, filled: list[int], unit_rows: MakeRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = store.generation("filter-b", None)
    store.put_filter(target, filled[:4], unit_rows(4))
    store.close()
    starts: list[bytes] = []
    keys = Transaction.keys

    def watched(txn: Transaction, table: Table, start: bytes, prefix: bytes = b"") -> Iterator[bytes]:
        if table is Table.ROWS:
            starts.append(start)
        return keys(txn, table, start, prefix)

    with Store.open(store._environment.folder) as again:
        monkeypatch.setattr(Transaction, "keys", watched)
        assert again.rows_without_filter(target, 9) == filled[4:]
        assert starts == [pack_number(filled[4])]
        again.put_filter(target, filled[4:], unit_rows(2))
        starts.clear()
        assert again.rows_without_filter(target, 9) == []
        assert starts == []
