"""Inverted lists of a file: mapped, and with the answers of the lists in memory that it was written of."""

from __future__ import annotations

import tempfile
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.index.lists import ListBuilder, Lists
from cbvir_core.types import Rows


def built(rows: Rows, lists: int) -> Lists:
    builder = ListBuilder(rows[:lists].copy(), rows)
    builder.add(rows)
    return builder.built()


def made_rows(count: int, width: int) -> Rows:
    return np.random.default_rng(width).standard_normal((count, width)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 37),
    st.integers(1, 300),
    st.integers(1, 7),
    st.sampled_from([1, 5, 40, 1000]),
    st.booleans(),
)
def test_a_file_answers_as_the_lists_that_it_holds(
    width: int, count: int, lists: int, wanted: int, only_some: bool
) -> None:
    rows = made_rows(count, width)
    made = built(rows, min(lists, count))
    allowed = np.random.default_rng(count).random(count) < 0.5 if only_some else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lists")
        made.save(path)
        opened = Lists.open(path, width)
        assert (len(opened), opened.parts) == (len(made), made.parts)
        for query in rows[: min(3, count)]:
            found, expected = (each.nearest(query, wanted, 2, allowed) for each in (opened, made))
            np.testing.assert_array_equal(found.squares, expected.squares)
            # Items at the same distance may come in another order, and at the end other ones.
            sure = found.squares < found.squares.max(initial=0.0)
            assert set(found.items[sure]) == set(expected.items[sure])
            assert len(set(found.items)) == len(expected.items)
            assert set(found.items) <= set(range(count))


def test_lists_are_mapped_and_not_read(tmp_path: Path) -> None:
    made = built(made_rows(20_000, 64), 8)
    made.save(tmp_path / "lists")
    opened = Lists.open(tmp_path / "lists", 64)
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if "/lists" in line]
    begin, end = (int(each, 16) for each in mapped[0][0].split("-"))
    held = opened._lists.invlists
    assert all(begin <= int(held.get_codes(number)) < end for number in range(opened.parts))


def test_a_file_of_the_version_before_opens(tmp_path: Path) -> None:
    rows = made_rows(500, 12)
    made = built(rows, 3)
    faiss.write_index(made._lists, str(tmp_path / "lists"))
    found = Lists.open(tmp_path / "lists", 12).nearest(rows[0], 20, 3)
    np.testing.assert_array_equal(found.items, made.nearest(rows[0], 20, 3).items)


def test_a_file_of_another_width_or_kind_is_refused(tmp_path: Path) -> None:
    built(made_rows(500, 12), 3).save(tmp_path / "lists")
    faiss.write_index(faiss.IndexFlatL2(12), str(tmp_path / "flat"))
    for name, width in (("lists", 14), ("flat", 12)):
        with pytest.raises(RuntimeError, match="another width"):
            Lists.open(tmp_path / name, width)
