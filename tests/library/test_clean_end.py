"""After an end that was none of a closing, files of the indices are verified at the opening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.index import FrameIndex, Index, IndexOptions
from cbvir_core.library.clean_end import CleanEnd
from support.libraries import LibraryOpener
from support.row_store import RowStore, clustered, flip_unseen


@pytest.fixture
def row_store(tmp_path: Path) -> Iterator[RowStore]:
    made = RowStore(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def folder(row_store: RowStore) -> Path:
    """An index of one segment in which a byte is wrong, of the size and the time that it was written with."""
    with row_store.index("lists", seal_at=500) as index:
        row_store.add(clustered(600))
        index.maintain()
        assert index.status().segments == 1
    folder = row_store.folder / "index-lists"
    flip_unseen(next(folder.glob("*/lists.faiss")))
    return folder


def segments_of(row_store: RowStore, *, trust_files: bool) -> int:
    options = IndexOptions(seal_at=500, trust_files=trust_files)
    with Index.open(
        row_store.folder / "index-lists", row_store.store, row_store.generation, options, "lists"
    ) as index:
        return index.status().segments


def test_a_wrong_byte_is_found_before_it_is_used_where_files_are_not_trusted(
    row_store: RowStore, folder: Path
) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.faiss")}
    assert segments_of(row_store, trust_files=True) == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.faiss")} == times
    assert segments_of(row_store, trust_files=False) == 0


def test_files_are_trusted_after_a_closing_alone(tmp_path: Path) -> None:
    end = CleanEnd(tmp_path / "in-use")
    assert end.begin()
    assert not end.begin()  # the process before was killed
    end.end()
    assert end.begin()


def test_after_a_kill_a_library_reads_its_files(
    open_library: LibraryOpener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bool] = []
    whole = FrameIndex.open

    def noted(*arguments: Any, trust_files: bool, **more: Any) -> FrameIndex:
        opened.append(trust_files)
        return whole(*arguments, trust_files=trust_files, **more)

    monkeypatch.setattr(FrameIndex, "open", noted)
    for left in (False, True):
        if left:
            (tmp_path / "data" / "in-use").touch()
        with open_library(frames=True):
            pass
    assert opened == [True, False]


def test_a_library_is_marked_as_long_as_it_is_open(open_library: LibraryOpener, tmp_path: Path) -> None:
    with open_library():
        assert (tmp_path / "data" / "in-use").exists()
    assert not (tmp_path / "data" / "in-use").exists()
