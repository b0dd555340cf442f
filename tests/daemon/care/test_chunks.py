"""Entries in chunks: all of them come back, and a change of one entry changes few chunks."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import StoreDamaged
from cbvird.care import chunks
from cbvird.care.chunks import chunks_of, entries_of

ENTRIES = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=300)), max_size=200)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MIN_CHUNK_BYTES", 1 << 10)
    monkeypatch.setattr(chunks, "MAX_CHUNK_BYTES", 8 << 10)


@given(ENTRIES)
def test_all_entries_come_back_in_order(entries: list[tuple[bytes, bytes]]) -> None:
    assert [entry for chunk in chunks_of(entries) for entry in entries_of(chunk)] == entries


@given(ENTRIES, st.data())
def test_a_chunk_that_was_cut_is_refused_or_ends_at_an_entry(
    entries: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    for chunk in chunks_of(entries):
        whole = entries_of(chunk)
        cut = data.draw(st.integers(0, len(chunk) - 1))
        try:
            assert entries_of(chunk[:cut]) == whole[: len(entries_of(chunk[:cut]))]
        except StoreDamaged:
            continue


def test_one_more_entry_changes_few_chunks() -> None:
    rng = random.Random(5)
    entries = [(number.to_bytes(8, "big"), rng.randbytes(rng.randrange(400))) for number in range(4000)]
    before = set(chunks_of(entries))
    assert len(before) > 100
    for at in (0, 1777, 3999):
        more = [*entries[:at], (entries[at][0] + b"a", b"new"), *entries[at:]]
        more.sort()
        assert len(set(chunks_of(more)) - before) <= 6
