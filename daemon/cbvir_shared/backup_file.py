"""The file of a backup: an SQLite database of chunks, each once, and of what each part is made of.

SQLite makes every commit whole or not at all, so that a backup that was cut short goes on where it was, and
one that is brought up to date is the former one until the new one is complete.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cbvir_shared.backup_stream import BACKUP_FORMAT, Chunk, digest_of

_APPLICATION = 0x63627662  # "cbvb", by which SQLite and `file` know what the database is for

_TABLES = """
CREATE TABLE chunk (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, data BLOB NOT NULL);
CREATE TABLE piece (part TEXT NOT NULL, number INTEGER NOT NULL, chunk INTEGER NOT NULL,
                    PRIMARY KEY (part, number)) WITHOUT ROWID;
CREATE TABLE manifest (text TEXT NOT NULL);
"""

COMMIT_BYTES = 32 << 20
"""Bytes that an interruption costs at most."""


class BackupFileError(Exception):
    """The file cannot be used; the sentence says why, and what to do."""


class BackupFile:
    """A backup in one file; a context manager.  One process at a time writes to it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self._connection = path, connection

    @classmethod
    def create_or_open(cls, path: Path) -> BackupFile:
        """Open the file to write to it; make it where there is none.  Raises BackupFileError."""
        if not path.parent.is_dir():
            raise BackupFileError(f"{path} cannot be written: there is no folder {path.parent}")
        if path.is_dir():
            raise BackupFileError(f"{path} is a folder; name a file in it")
        fresh = not path.exists() or path.stat().st_size == 0
        with _explained(path):
            connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
            if fresh:
                connection.executescript(f"PRAGMA auto_vacuum = 2; PRAGMA application_id = {_APPLICATION};")
                connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {BACKUP_FORMAT}; COMMIT;")
        return cls._checked(path, connection)

    @classmethod
    def open(cls, path: Path) -> BackupFile:
        """Open an existing file to read it.  Raises BackupFileError."""
        if not path.is_file():
            raise BackupFileError(f"{path} is no file")
        with _explained(path):
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        return cls._checked(path, connection)

    @classmethod
    def _checked(cls, path: Path, connection: sqlite3.Connection) -> BackupFile:
        try:
            with _explained(path):
                application = connection.execute("PRAGMA application_id").fetchone()[0]
                version = connection.execute("PRAGMA user_version").fetchone()[0]
            if application != _APPLICATION:
                raise BackupFileError(f"{path} is no backup of cbvir; name another file")
            if version > BACKUP_FORMAT:
                raise BackupFileError(f"{path} was made by a later release of cbvir; use that one")
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What the backup holds; None where it never became complete."""
        with _explained(self.path):
            found = self._connection.execute("SELECT text FROM manifest").fetchone()
        if found is None:
            return None
        manifest: dict[str, Any] = json.loads(found[0])
        return manifest

    def digests(self) -> bytes:
        """Return the digests of all chunks, one after the other."""
        with _explained(self.path):
            return b"".join(row[0] for row in self._connection.execute("SELECT digest FROM chunk"))

    def take(self, records: Iterable[Chunk | dict[str, Any]]) -> int:
        """Put the chunks of a stream into the file, and make it the backup when the manifest comes.

        Return the bytes that were new.  What came is kept if this is interrupted.  Raises BackupFileError,
        and what `records` raises.
        """
        added = uncommitted = 0
        pieces: list[tuple[str, int, bytes]] = []
        counts: dict[str, int] = {}
        with _explained(self.path), self._committed():
            for record in records:
                if isinstance(record, dict):
                    self._finish(record, pieces)
                    return added
                number = counts.get(record.part, 0)
                counts[record.part] = number + 1
                pieces.append((record.part, number, record.digest))
                if record.data is not None:
                    self._put(record.digest, record.data)
                    added += len(record.data)
                    uncommitted += len(record.data)
                if uncommitted >= COMMIT_BYTES:
                    self._connection.execute("COMMIT")
                    self._connection.execute("BEGIN")
                    uncommitted = 0
        raise BackupFileError(f"{self.path} is not complete: the backup was cut off; run it again to go on")

    def parts(self) -> list[str]:
        """Return the names of all parts."""
        with _explained(self.path):
            return [
                row[0] for row in self._connection.execute("SELECT DISTINCT part FROM piece ORDER BY part")
            ]

    def chunks(self, part: str) -> Iterator[bytes]:
        """Yield the chunks of a part, in order.  Raises BackupFileError where one is missing or damaged."""
        query = """SELECT number, digest, data FROM piece LEFT JOIN chunk ON chunk.id = piece.chunk
                   WHERE part = ? ORDER BY number"""
        with _explained(self.path), closing(self._connection.execute(query, (part,))) as rows:
            for expected, (number, digest, data) in enumerate(rows):
                if number != expected or not isinstance(data, bytes) or digest_of(data) != digest:
                    raise BackupFileError(
                        f"{self.path} is damaged: piece {expected} of {part} is not what was written; "
                        "check the disk, and use another backup"
                    )
                yield data

    def verify(self) -> int:
        """Read every chunk again; return the bytes.  Raises BackupFileError where one is damaged."""
        return sum(len(data) for part in self.parts() for data in self.chunks(part))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, digest: bytes, data: bytes) -> None:
        self._connection.execute("INSERT OR IGNORE INTO chunk (digest, data) VALUES (?, ?)", (digest, data))

    def _finish(self, manifest: dict[str, Any], pieces: list[tuple[str, int, bytes]]) -> None:
        """Let the pieces be the backup, and drop the chunks that it no longer needs."""
        execute = self._connection.execute
        execute("DELETE FROM piece")
        execute("DELETE FROM manifest")
        for part, number, digest in pieces:
            placed = execute(
                "INSERT INTO piece SELECT ?, ?, id FROM chunk WHERE digest = ?", (part, number, digest)
            )
            if placed.rowcount != 1:
                raise BackupFileError(f"{self.path} lacks a chunk of {part}; make the backup anew")
        execute("DELETE FROM chunk WHERE id NOT IN (SELECT chunk FROM piece)")
        execute("INSERT INTO manifest VALUES (?)", (json.dumps(manifest),))
        execute("COMMIT")
        self._connection.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page
        execute("BEGIN")

    @contextmanager
    def _committed(self) -> Iterator[None]:
        """Run the block in a transaction; keep what it wrote, also where it was interrupted."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        except BackupFileError:
            self._connection.execute("ROLLBACK")
            raise
        except BaseException:
            self._connection.execute("COMMIT")
            raise
        self._connection.execute("COMMIT")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "disk is full" in text or "disk I/O" in text:
            raise BackupFileError(
                f"no room to write {path}; make room and run it again, it goes on"
            ) from error
        if "locked" in text:
            raise BackupFileError(f"another process writes to {path}; wait for it") from error
        raise BackupFileError(f"{path} cannot be used: {text}") from error
    except sqlite3.DatabaseError as error:
        raise BackupFileError(f"{path} is no backup of cbvir, or is damaged: {error}") from error
