"""The bits of searchable rows: as if each row had been read, over the ends of chunks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.store.environment import Environment
from cbvir_core.store.row_mask import CHUNK_ROWS, mark_searchable, read_searchable


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path)


def test_marks_are_what_was_marked_last(environment: Environment) -> None:
    rng = np.random.default_rng(0)
    truth: dict[int, bool] = {}
    for _ in range(20):
        rows = rng.integers(1, 3 * CHUNK_ROWS, 500).tolist()
        searchable = bool(rng.integers(2))
        environment.write(partial(mark_searchable, rows=rows, searchable=searchable))
        truth.update(dict.fromkeys(rows, searchable))
    asked = rng.permutation(np.arange(-5, 5 * CHUNK_ROWS))
    with environment.read() as txn:
        mask = read_searchable(txn, asked)
        assert read_searchable(txn, asked[:0]).tolist() == []
    assert mask.tolist() == [truth.get(row, False) for row in asked.tolist()]


def test_a_row_at_each_end_of_a_chunk(environment: Environment) -> None:
    rows = [CHUNK_ROWS - 1, CHUNK_ROWS]
    environment.write(lambda txn: mark_searchable(txn, rows, searchable=True))
    asked = np.arange(CHUNK_ROWS - 2, CHUNK_ROWS + 2)
    with environment.read() as txn:
        assert read_searchable(txn, asked).tolist() == [False, True, True, False]
