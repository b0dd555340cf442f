"""A store of descriptors without pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.row_store import RowStore


@pytest.fixture
def row_store() -> Iterator[RowStore]:
    with tempfile.TemporaryDirectory() as folder:
        made = RowStore(Path(folder))
        yield made
        made.store.close()
