"""A fingerprint belongs to the bytes, not to the name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbvir_core.decode import fingerprint, identity
from cbvir_core.errors import FileChanged, FileUnreadable, NotAVideo

PART = 64


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "FINGERPRINT_PART_BYTES", PART)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.usefixtures("small_parts")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=6 * PART), chosen=st.integers(min_value=0))
def test_a_changed_byte_in_head_middle_or_tail_is_another_video(
    tmp_path: Path, data: bytes, chosen: int
) -> None:
    hashed = [
        offset
        for offset in range(len(data))
        if len(data) <= 3 * PART
        or any(start <= offset < start + PART for start in (0, (len(data) - PART) // 2, len(data) - PART))
    ]
    offset = hashed[chosen % len(hashed)]
    other = data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]
    before = fingerprint(written(tmp_path / "a", data))
    assert fingerprint(written(tmp_path / "b", data)) == before
    assert fingerprint(written(tmp_path / "c", other)) != before
    assert fingerprint(written(tmp_path / "d", data + b"\0")) != before


def test_rename_and_new_date_keep_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mp4", os.urandom(4 << 20))
    before = fingerprint(path)
    moved = path.rename(tmp_path / "b.mp4")
    os.utime(moved, (0, 0))
    assert fingerprint(moved) == before
    assert len(before) == 32
    assert int(before, 16) >= 0


def test_equal_parts_in_files_of_other_size_differ(tmp_path: Path) -> None:
    sizes = {fingerprint(written(tmp_path / str(size), bytes(size))) for size in (1, 2, 5 << 20, 6 << 20)}
    assert len(sizes) == 4


def test_a_missing_file_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="not there") as caught:
        fingerprint(tmp_path / "gone.mp4")
    assert caught.value.retry


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.touch(), "empty"),
        (lambda path: os.mkfifo(path), "pipe"),
    ],
    ids=["folder", "empty", "pipe"],
)
def test_what_is_no_file_is_no_video(tmp_path: Path, make: Callable[[Path], Any], says: str) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(NotAVideo, match=says):
        fingerprint(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_unreadable(tmp_path: Path) -> None:
    path = written(tmp_path / "film.mp4", b"x")
    path.chmod(0)
    with pytest.raises(FileUnreadable, match="may not be read"):
        fingerprint(path)


def test_a_permission_error_says_what_to_do(tmp_path: Path) -> None:
    error = identity.unreadable(tmp_path, PermissionError(13, "Permission denied"))
    assert "allow this user" in str(error)


def test_a_file_that_grows_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "film.mp4", b"x" * 100)
    digest = identity._digest

    def slow_digest(file: Any, size: int) -> str:
        with path.open("ab") as writer:
            writer.write(b"more")
        return digest(file, size)

    monkeypatch.setattr(identity, "_digest", slow_digest)
    with pytest.raises(FileChanged):
        fingerprint(path)
