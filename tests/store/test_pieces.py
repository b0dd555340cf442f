"""Large values are cut to fill their pages, and come back whole, also those that an earlier release wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import lmdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.store import Table, fill_store, store_snapshot
from cbvir_core.store.environment import CUT_TABLES, Environment, Transaction, pieces_name
from cbvir_core.store.layout import pack_number
from cbvir_core.store.pieces import MIN_SAVED_BYTES, PAGE_HEADER_BYTES, cut

PAGE_SIZES = (4096, 16_384, 65_536)


def made(length: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(length)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with closing(Environment(tmp_path)) as opened:
        yield opened


def put_all(environment: Environment, values: Mapping[int, bytes], table: Table = Table.STILLS) -> None:
    """Write the values of rows in one transaction."""

    def work(txn: Transaction) -> None:
        for row, value in values.items():
            txn.put(table, pack_number(row), value)

    environment.write(work)


def put(environment: Environment, row: int, value: bytes) -> None:
    put_all(environment, {row: value})


def delete(environment: Environment, row: int) -> bool:
    return environment.write(lambda txn: txn.delete(Table.STILLS, pack_number(row)))


def found(environment: Environment, row: int) -> bytes | None:
    with environment.read() as txn:
        value = txn.get(Table.STILLS, pack_number(row))
        return None if value is None else bytes(value)


def entries_of(environment: Environment, name: bytes) -> int:
    database = environment._raw.open_db(name, create=False)
    with environment._raw.begin() as raw:
        return int(raw.stat(database)["entries"])


@given(st.integers(0, 300_000), st.sampled_from(PAGE_SIZES))
def test_the_parts_of_a_value_are_the_value_and_fill_their_pages(length: int, page_bytes: int) -> None:
    value = made(length)
    kept, pieces = cut(value, page_bytes)
    assert kept + b"".join(pieces) == value
    room = page_bytes - PAGE_HEADER_BYTES
    assert all(0 < len(piece) < room // 3 for piece in pieces)
    if len(kept) > room // 2:  # on pages of its own
        assert -(len(kept) + PAGE_HEADER_BYTES) % page_bytes <= MIN_SAVED_BYTES


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 12_000)), max_size=20))
def test_values_that_replace_each_other_come_back_and_leave_nothing(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, int]]
) -> None:
    with closing(Environment(tmp_path_factory.mktemp("store"))) as environment:
        expected: dict[int, bytes] = {}
        for seed, (row, length) in enumerate(written):
            expected[row] = made(length, seed)
            put(environment, row, expected[row])
        with environment.read() as txn:
            scanned = [(key, bytes(value)) for key, value in txn.scan(Table.STILLS, b"\0")]
            down = [(key, bytes(value)) for key, value in txn.scan_down(Table.STILLS, None)]
            assert txn.size(Table.STILLS) == len(expected)
        assert scanned == down[::-1] == [(pack_number(row), expected[row]) for row in sorted(expected)]
        assert all(delete(environment, row) for row in expected)
        assert entries_of(environment, pieces_name(Table.STILLS)) == 0


def test_clearing_a_table_clears_its_pieces(environment: Environment) -> None:
    put(environment, 1, made(5_000))
    assert entries_of(environment, pieces_name(Table.STILLS)) == 1
    environment.write(lambda txn: txn.clear(Table.STILLS))
    assert entries_of(environment, pieces_name(Table.STILLS)) == 0
    assert found(environment, 1) is None


def test_pages_are_nearly_full(environment: Environment) -> None:
    lengths = np.random.default_rng(1).gamma(3, 3_000, 600).astype(int) + 50
    for start in range(0, len(lengths), 5):
        batch = lengths[start : start + 5]
        put_all(environment, {start + at + 1: made(int(length)) for at, length in enumerate(batch)})
    with environment.read() as txn:
        assert txn.bytes_of(Table.STILLS) < 1.06 * lengths.sum()


def test_a_value_of_an_earlier_release_is_whole_and_can_be_replaced(environment: Environment) -> None:
    raw = environment._raw
    with raw.begin(write=True) as transaction:
        database = raw.open_db(Table.STILLS.encode(), txn=transaction, create=False)
        for row in (1, 2):
            transaction.put(pack_number(row), made(9_999, row), db=database)
    put(environment, 3, made(9_999, 3))
    assert [found(environment, row) for row in (1, 2, 3)] == [made(9_999, row) for row in (1, 2, 3)]
    put(environment, 1, made(5_000, 7))
    assert [found(environment, row) for row in (1, 2)] == [made(5_000, 7), made(9_999, 2)]


def test_a_snapshot_and_a_store_made_of_it_have_whole_values(tmp_path: Path) -> None:
    values = {table: made(7_000, number) for number, table in enumerate(CUT_TABLES)}
    with closing(Environment(tmp_path / "one")) as environment:
        for table, value in values.items():
            put_all(environment, {1: value}, table)
    with store_snapshot(tmp_path / "one") as snapshot:
        assert {table: dict(snapshot.entries(table)) for table in values} == {
            table: {pack_number(1): value} for table, value in values.items()
        }
        fill_store(tmp_path / "two", ((table, [list(snapshot.entries(table))]) for table in Table))
    with store_snapshot(tmp_path / "two") as again:
        assert {table: dict(again.entries(table))[pack_number(1)] for table in values} == values
    with lmdb.open(str(tmp_path / "two"), max_dbs=64, readonly=True) as raw, raw.begin() as transaction:
        for table, value in values.items():
            own = transaction.get(pack_number(1), db=raw.open_db(table.encode(), txn=transaction))
            assert own is not None
            assert len(own) < len(value)
