"""The row that `cbvird.ingest.jobs` keeps of a file, and the rows on disk: LMDB, one JSON value a file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import lmdb
import structlog

from cbvir_core.errors import DiskFull, StoreDamaged, StoreError, StoreVersion, VideoForgotten
from cbvir_core.json_text import parse_json
from cbvir_core.store import fill_hole, refuse_short_file
from cbvir_core.types import VideoId

JOB_SCHEMA = b"1"
"""The version of the rows, written into a new environment.  Another release may have another one."""

INITIAL_JOB_MAP_BYTES = 64 * 1024 * 1024
"""Address space, not disk space.  LMDB's files grow with their rows; the map is doubled when it is full."""

JOBS_PER_TRANSACTION = 64
"""Rows in one transaction.  A full disk lets many unsaved rows gather, and to try whether there is room
again has to stay cheap."""

_SCHEMA_KEY = b"schema"
_ROW = b"job:"

DAMAGED = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.PageNotFoundError, lmdb.VersionMismatchError)

LOG = structlog.get_logger(__name__)


class JobState(StrEnum):
    """The state of a job."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One file and the state of its work.

    `size` and `mtime_ns` are those of the file when it was offered.  `code` and `message` are those of the
    last failure.  `tries` counts begun tries, so it counts a try that takes the whole service down too.
    `retry_at` is when a failed file is tried again without a request (None: never).  `again` says that the
    file changed while it was being worked on.  `growing` says that it is read while it grows; then
    `size` and `mtime_ns` say nothing.  Times are seconds since the epoch.
    """

    path: Path
    size: int
    mtime_ns: int
    state: JobState = JobState.WAITING
    code: str = ""
    message: str = ""
    tries: int = 0
    retry_at: float | None = None
    video_id: VideoId | None = None
    offered_at: float = 0.0
    again: bool = False
    growing: bool = False

    @property
    def is_forgotten(self) -> bool:
        """Whether the file was forgotten on request; one that is tried again is a file like any other."""
        return self.state is JobState.FAILED and self.code == VideoForgotten.code


class JobRows:
    """The rows on disk.

    Rows that a full disk cannot take stay in memory and are written as soon as there is room.  A crash in
    between does no harm: the next scan offers a lost row again, and a stale row is worked on once more.
    """

    def __init__(self, environment: lmdb.Environment, folder: Path) -> None:
        self._environment, self._folder = environment, folder
        self._unsaved: dict[Path, Job | None] = {}

    @classmethod
    def open(cls, folder: Path) -> JobRows:
        """Open the environment in `folder`.  Raises DiskFull, StoreDamaged, StoreVersion, else StoreError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            environment = lmdb.open(os.fsencode(folder), map_size=_map_bytes(folder))
            fill_hole(environment, folder)
            rows = cls(environment, folder)
            rows._check_schema(folder)
        except (OSError, lmdb.Error) as error:
            raise _opening_failed(folder, error) from error
        return rows

    def close(self) -> None:
        """Try once more to save what is unsaved, and close the environment."""
        self.write([], [])
        self._environment.close()

    @property
    def unsaved(self) -> int:
        """How many rows are only in memory."""
        return len(self._unsaved)

    def read(self) -> Iterator[Job]:
        """Yield every row.  A row that cannot be read is left out: the next scan offers its file again.

        Raises StoreDamaged where pages of the file cannot be read.
        """
        try:
            with self._environment.begin() as transaction, transaction.cursor() as cursor:
                yield from jobs_of(cursor)
        except lmdb.Error as error:
            raise _opening_failed(self._folder, error) from error

    def write(self, jobs: Iterable[Job], without: Iterable[Path]) -> None:
        """Put `jobs` and remove `without`; what was written is on disk afterwards."""
        before = len(self._unsaved)
        self._unsaved.update(dict.fromkeys(without))
        self._unsaved.update((job.path, job) for job in jobs)
        if not self._unsaved:
            return
        try:
            self._commit()
        except (OSError, lmdb.Error) as error:
            if not before:
                LOG.error("the list of files cannot be saved; it is kept in memory", error=str(error))
            return
        if before:
            LOG.info("the list of files is saved again", rows=before)

    def _commit(self) -> None:
        while self._unsaved:
            rows = dict(islice(self._unsaved.items(), JOBS_PER_TRANSACTION))
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
                transaction.put(_SCHEMA_KEY, JOB_SCHEMA)
        if found not in (None, JOB_SCHEMA):
            self._environment.close()
            raise _of_another_release(folder, found)


def job_entries(folder: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows in `folder` as they are on disk, for a process that has them not open.

    None where there are no rows.  Raises StoreError.
    """
    if not (folder / "data.mdb").exists():
        return
    try:
        raw = lmdb.open(os.fsencode(folder), readonly=True, map_size=_map_bytes(folder))
        with closing(raw), raw.begin() as transaction:
            refuse_short_file(raw, folder)
            if (schema := transaction.get(_SCHEMA_KEY)) != JOB_SCHEMA:
                raise _of_another_release(folder, schema)
            with transaction.cursor() as cursor:
                yield from cursor
    except (OSError, lmdb.Error) as error:
        raise _opening_failed(folder, error) from error


def jobs_of(entries: Iterable[tuple[bytes, bytes]]) -> Iterator[Job]:
    """Yield the jobs of rows; one that cannot be read is left out: the next scan offers its file again."""
    for key, value in entries:
        if key.startswith(_ROW):
            try:
                yield _unpack(value)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                LOG.warning("row of a file cannot be read", key=key.hex(), error=str(error))


def _of_another_release(folder: Path, schema: bytes | None) -> StoreVersion:
    said = "unknown" if schema is None else schema.decode("ascii", "replace")
    return StoreVersion(f"was written by another release (schema {said})", path=folder)


def _opening_failed(folder: Path, error: Exception) -> StoreError:
    if isinstance(error, lmdb.DiskError) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"cannot be opened, no room is left: {error}", path=folder)
    if isinstance(error, DAMAGED):
        return StoreDamaged(
            f"holds a list of files that cannot be read ({error}); move the folder away, "
            "and the next start makes the list anew",
            path=folder,
        )
    return StoreError(f"cannot be opened: {error}", path=folder)


def _map_bytes(folder: Path) -> int:
    """Return a map size of twice the file: LMDB cannot open a file that is larger than its map."""
    try:
        return max(INITIAL_JOB_MAP_BYTES, 2 * (folder / "data.mdb").stat().st_size)
    except FileNotFoundError:
        return INITIAL_JOB_MAP_BYTES


def _key(path: Path) -> bytes:
    """Return the hash of the path: a path may be longer than LMDB's longest key (511 bytes)."""
    return _ROW + hashlib.blake2b(os.fsencode(path), digest_size=16).digest()


def _pack(job: Job) -> bytes:
    return json.dumps({**asdict(job), "path": str(job.path)}).encode()


def _unpack(value: bytes) -> Job:
    """Return the job of a row.

    Names that are not UTF-8 come back too: JSON keeps the surrogates that stand for their bytes.
    """
    raw: dict[str, Any] = parse_json(value)
    known = {field.name for field in fields(Job)}
    row = {name: field for name, field in raw.items() if name in known}
    return Job(**{**row, "path": Path(row["path"]), "state": JobState(row["state"])})
