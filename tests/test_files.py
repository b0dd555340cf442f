"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cbvir_core.errors import DiskFull
from cbvir_core.files import no_room, replacing


def test_a_file_is_replaced_when_all_of_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    for text in ("first", "second"):
        before = path.read_text() if path.exists() else None
        with replacing(path) as fresh:
            fresh.write_text(text[:2])
            assert (path.read_text() if path.exists() else None) == before
            fresh.write_text(text)
        assert path.read_text() == text
    assert [one.name for one in path.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "file") as fresh:
            fresh.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_file_and_folder_are_on_the_disk_in_that_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    path = tmp_path / "file"

    def record(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append((target.is_dir(), path.exists()))

    monkeypatch.setattr(os, "fsync", record)
    with replacing(path) as fresh:
        fresh.write_bytes(b"1")
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no"), OSError(errno.EIO, "broken")])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file"
    path.write_text("former")

    def write() -> None:
        with no_room(path), replacing(path) as fresh:
            fresh.write_text("half of")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_reported_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="weights"), no_room(tmp_path / "weights"):
        raise OSError(errno.ENOSPC, "full")
