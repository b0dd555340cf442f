"""Stores of made videos, drawn films, small seeded networks, and libraries over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.index import FrameIndex, shipped_codec
from cbvir_core.store import Store
from support.libraries import converted, films, open_library, weights
from support.made_rows import MADE_FINGERPRINT, RowMaker

__all__ = ["converted", "films", "open_library", "weights"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        opened.use_frame_codec(MADE_FINGERPRINT)
        yield opened


@pytest.fixture
def index(store: Store, tmp_path: Path) -> Iterator[FrameIndex]:
    with FrameIndex.open(tmp_path / "frames", store, MADE_FINGERPRINT) as opened:
        yield opened


@pytest.fixture(scope="session")
def maker() -> RowMaker:
    return RowMaker(shipped_codec(), seed=7)
