"""The file of a backup: interrupted, brought up to date, damaged, or something else altogether."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_shared import backup_file
from cbvir_shared.backup_file import BackupFile, BackupFileError
from cbvir_shared.backup_stream import (
    BackupCutOff,
    Chunk,
    chunk_record,
    digest_of,
    manifest_record,
    read_backup,
)

MANIFEST = {"format": 1, "without": []}


def chunk(part: str, data: bytes, *, known: bool = False) -> Chunk:
    return Chunk(part, digest_of(data), None if known else data)


def stream(*data: bytes, part: str = "store/a", manifest: bool = True) -> list[Chunk | dict[str, Any]]:
    return [*(chunk(part, one) for one in data), *([dict(MANIFEST)] if manifest else [])]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.backup"


def filled(path: Path, *data: bytes) -> None:
    with BackupFile.create_or_open(path) as file:
        file.take(stream(*data))


def content(path: Path, part: str = "store/a") -> list[bytes]:
    with BackupFile.open(path) as file:
        return list(file.chunks(part))


@given(st.lists(st.tuples(st.sampled_from(["store/a", "jobs"]), st.binary(max_size=50), st.booleans())))
def test_a_stream_is_read_as_it_was_written(records: list[tuple[str, bytes, bool]]) -> None:
    sent = [chunk(part, data, known=known) for part, data, known in records]
    raw = b"".join(chunk_record(one.part, one.digest, one.data) for one in sent)
    assert list(read_backup(io.BytesIO(raw + manifest_record(MANIFEST)).read)) == [*sent, MANIFEST]


def test_a_stream_that_is_cut_anywhere_is_told() -> None:
    raw = chunk_record("store/a", digest_of(b"12345"), b"12345") + manifest_record(MANIFEST)
    for cut in range(len(raw)):
        with pytest.raises(BackupCutOff):
            list(read_backup(io.BytesIO(raw[:cut]).read))


def test_a_byte_that_changed_on_the_way_is_told() -> None:
    raw = bytearray(chunk_record("store/a", digest_of(b"12345"), b"12345") + manifest_record(MANIFEST))
    raw[46] ^= 1
    with pytest.raises(BackupCutOff):
        list(read_backup(io.BytesIO(bytes(raw)).read))


def test_a_part_with_a_name_that_is_no_text_is_told() -> None:
    sent = bytearray(chunk_record("store/rows", digest_of(b"data"), b"data"))
    sent[sent.index(b"store")] = 0xE4
    with pytest.raises(BackupCutOff, match="no backup"):
        list(read_backup(io.BytesIO(bytes(sent)).read))


def test_chunks_come_back_in_order_and_each_is_kept_once(path: Path) -> None:
    with BackupFile.create_or_open(path) as file:
        added = file.take(
            [chunk("store/a", b"x" * 9), chunk("store/a", b"x" * 9, known=True), dict(MANIFEST)]
        )
        assert (added, file.verify(), file.manifest) == (9, 18, MANIFEST)
        assert file.digests() == digest_of(b"x" * 9)
    assert content(path) == [b"x" * 9, b"x" * 9]


def test_what_came_before_an_interruption_is_kept(path: Path) -> None:
    def interrupted() -> Iterator[Chunk | dict[str, Any]]:
        yield from stream(b"one", b"two", manifest=False)
        raise KeyboardInterrupt

    with BackupFile.create_or_open(path) as file, pytest.raises(KeyboardInterrupt):
        file.take(interrupted())
    with BackupFile.create_or_open(path) as file:
        assert file.manifest is None
        assert file.digests() in (
            digest_of(b"one") + digest_of(b"two"),
            digest_of(b"two") + digest_of(b"one"),
        )
        assert file.take([chunk("store/a", b"one", known=True), *stream(b"three")]) == 5
    assert content(path) == [b"one", b"three"]


def test_a_stream_without_a_manifest_makes_no_backup(path: Path) -> None:
    filled(path, b"one")
    with BackupFile.create_or_open(path) as file:
        with pytest.raises(BackupFileError, match="run it again"):
            file.take(stream(b"two", manifest=False))
        assert file.manifest == MANIFEST
    assert content(path) == [b"one"]


def test_an_update_drops_what_is_no_longer_needed(path: Path) -> None:
    filled(path, b"a" * 3_000_000, b"b" * 10)
    before = path.stat().st_size
    filled(path, b"b" * 10, b"c" * 10)
    assert content(path) == [b"b" * 10, b"c" * 10]
    assert path.stat().st_size < before / 10


def test_commits_come_while_it_is_filled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "COMMIT_BYTES", 100)

    def watched() -> Iterator[Chunk | dict[str, Any]]:
        for number in range(6):
            yield chunk("store/a", bytes([number]) * 60)
        with BackupFile.open(path) as reader:
            assert len(reader.digests()) >= 4 * 32  # as a process would find them that was killed now
        yield dict(MANIFEST)

    with BackupFile.create_or_open(path) as file:
        file.take(watched())


@pytest.mark.parametrize("what", ["data", "piece"])
def test_damage_is_found(path: Path, what: str) -> None:
    filled(path, b"one", b"two")
    with sqlite3.connect(path) as raw:
        raw.execute(
            "UPDATE chunk SET data = X'00' WHERE id = 2"
            if what == "data"
            else "DELETE FROM piece WHERE number = 0"
        )
    raw.close()
    with BackupFile.open(path) as file, pytest.raises(BackupFileError, match="is damaged: piece"):
        file.verify()


@pytest.mark.parametrize(
    ("content", "said"), [(b"GIF89a" + bytes(4096), "no backup"), (b"", "no backup"), (None, "is no file")]
)
def test_another_file_is_refused(path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BackupFileError, match=said):
        BackupFile.open(path)
    if content:
        with pytest.raises(BackupFileError, match=said):
            BackupFile.create_or_open(path)
        assert path.read_bytes() == content


def test_another_database_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE mine (x)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(BackupFileError, match="no backup of cbvir"):
        BackupFile.create_or_open(path)
    assert path.read_bytes() == before


def test_a_file_of_a_later_release_is_refused(path: Path) -> None:
    filled(path, b"one")
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(BackupFileError, match="later release"):
        BackupFile.open(path)
