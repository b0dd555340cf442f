"""After an end that was none of a closing, files of the indices are verified at the opening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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


def segments_after(row_store: RowStore, folder: Path) -> int:
    CleanEnd(row_store.folder / "in-use").begin([folder])
    with row_store.index("lists", seal_at=500) as index:
        row_store.assert_exact(index, clustered(1)[0], 1)
        return index.status().segments


def test_after_a_kill_the_wrong_byte_is_found_before_it_is_used(row_store: RowStore, folder: Path) -> None:
    CleanEnd(row_store.folder / "in-use").begin([])  # and no end
    assert segments_after(row_store, folder) == 0


def test_after_a_closing_files_keep_their_times(row_store: RowStore, folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    end = CleanEnd(row_store.folder / "in-use")
    end.begin([folder])
    end.end()
    end.begin([folder])
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times


def test_a_library_is_marked_as_long_as_it_is_open(open_library: LibraryOpener, tmp_path: Path) -> None:
    with open_library():
        assert (tmp_path / "data" / "in-use").exists()
    assert not (tmp_path / "data" / "in-use").exists()
