"""What `cbvird.ingest.jobs` keeps of a file, and how it lies on disk: LMDB, one JSON value per file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import lmdb
import structlog

from cbvir_core.errors import DiskFull, StoreDamaged, StoreError, StoreVersion
from cbvir_core.types import VideoId

SCHEMA = b"1"
"""Written into a new environment; another number was written by another release."""

FIRST_MAP_BYTES = 64 * 1024 * 1024
"""Address space, not disk: LMDB's files grow with their rows, and the map is doubled when it is full."""

CHUNK = 64
"""Rows per transaction when a full disk has let many gather: trying whether there is room again has
to stay cheap."""

_SCHEMA_KEY = b"schema"
_ROW = b"job:"

log = structlog.get_logger(__name__)


class State(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One file and how far it has come.

    `size` and `mtime_ns` are those of the file when it was offered.  `code` and `message` are of the
    last failure.  `tries` counts beginnings, so that a file which takes the whole service down is
    counted too.  `retry_at` is when a failed file is tried again by itself (None: never).  `again`
    says that the file changed while it is being worked on.  Times are seconds since the epoch.
    """

    path: Path
    size: int
    mtime_ns: int
    state: State = State.WAITING
    code: str = ""
    message: str = ""
    tries: int = 0
    retry_at: float | None = None
    video_id: VideoId | None = None
    offered_at: float = 0.0
    again: bool = False


class JobRows:
    """The rows on disk.  Memory may run ahead of a full disk and is written as soon as there is room:
    a lost row is offered again by the next scan, and a stale one is worked on once more, so nothing
    is wrong after a crash either."""

    def __init__(self, environment: lmdb.Environment) -> None:
        self._environment = environment
        self._unsaved: dict[Path, Job | None] = {}

    @classmethod
    def open(cls, folder: Path) -> JobRows:
        """The environment in `folder`.  Raises DiskFull, StoreDamaged, StoreVersion, else StoreError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            rows = cls(lmdb.open(os.fsencode(folder), map_size=_map_bytes(folder)))
        except (OSError, lmdb.Error) as error:
            raise _opening_failed(folder, error) from error
        rows._check_schema(folder)
        return rows

    def close(self) -> None:
        """Tries once more to save what is unsaved."""
        self.write([], [])
        self._environment.close()

    @property
    def unsaved(self) -> int:
        """How many rows are ahead of the disk."""
        return len(self._unsaved)

    def read(self) -> Iterator[Job]:
        """Every row.  One that cannot be understood is left out: its file is offered again."""
        with self._environment.begin() as transaction, transaction.cursor() as cursor:
            for key, value in cursor:
                if not key.startswith(_ROW):
                    continue
                try:
                    yield _unpack(value)
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    log.warning("row of a file cannot be read", key=key.hex(), error=str(error))

    def write(self, jobs: Iterable[Job], without: Iterable[Path]) -> None:
        """Puts `jobs` and removes `without` in one transaction that is on disk afterwards."""
        before = len(self._unsaved)
        self._unsaved.update(dict.fromkeys(without))
        self._unsaved.update((job.path, job) for job in jobs)
        if not self._unsaved:
            return
        try:
            self._commit()
        except (OSError, lmdb.Error) as error:
            if not before:
                log.error("the list of files cannot be saved; it is kept in memory", error=str(error))
            return
        if before:
            log.info("the list of files is saved again", rows=before)

    def _commit(self) -> None:
        while self._unsaved:
            rows = dict(islice(self._unsaved.items(), CHUNK))
            try:
                self._put(rows)
            except lmdb.MapFullError:
                self._environment.set_mapsize(2 * self._environment.info()["map_size"])
                self._put(rows)
            for path in rows:
                del self._unsaved[path]

    def _put(self, rows: dict[Path, Job | None]) -> None:
        with self._environment.begin(write=True) as transaction:
            for path, job in rows.items():
                if job is None:
                    transaction.delete(_key(path))
                else:
                    transaction.put(_key(path), _pack(job))

    def _check_schema(self, folder: Path) -> None:
        with self._environment.begin(write=True) as transaction:
            found = transaction.get(_SCHEMA_KEY)
            if found is None:
                transaction.put(_SCHEMA_KEY, SCHEMA)
        if found not in (None, SCHEMA):
            self._environment.close()
            raise StoreVersion(f"{folder}: was written by another release (schema {found.decode()})")


def _opening_failed(folder: Path, error: Exception) -> StoreError:
    if isinstance(error, lmdb.DiskError) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{folder}: no room is left: {error}")
    if isinstance(error, (lmdb.CorruptedError, lmdb.InvalidError, lmdb.VersionMismatchError)):
        return StoreDamaged(
            f"{folder}: the list of files cannot be read ({error}); move the folder away, "
            "and the next start makes the list anew"
        )
    return StoreError(f"{folder}: {error}")


def _map_bytes(folder: Path) -> int:
    """Room for twice what is there: a map smaller than the file would be no map at all."""
    try:
        return max(FIRST_MAP_BYTES, 2 * (folder / "data.mdb").stat().st_size)
    except FileNotFoundError:
        return FIRST_MAP_BYTES


def _key(path: Path) -> bytes:
    """A path may be longer than LMDB's longest key (511 bytes), its hash is not."""
    return _ROW + hashlib.blake2b(os.fsencode(path), digest_size=16).digest()


def _pack(job: Job) -> bytes:
    return json.dumps({**asdict(job), "path": str(job.path)}).encode()


def _unpack(value: bytes) -> Job:
    """Names that are not UTF-8 come back too: JSON keeps the surrogates that stand for their bytes."""
    raw: dict[str, Any] = json.loads(value)
    known = {field.name for field in fields(Job)}
    row = {name: field for name, field in raw.items() if name in known}
    return Job(**{**row, "path": Path(row["path"]), "state": State(row["state"])})
