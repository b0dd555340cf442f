"""The LMDB environment: typed transactions, a memory map that grows, LMDB's errors as cbvir's."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import lmdb

from cbvir_core.errors import DiskFull, StoreDamaged, StoreError
from cbvir_core.files import NO_ROOM_ERRNOS
from cbvir_core.store.file_length import fill_hole
from cbvir_core.store.lock import WriterLock
from cbvir_core.store.pieces import cut, delete_pieces, put_last, put_pieces, read_pieces
from cbvir_core.store.rwlock import ReadWriteLock

T = TypeVar("T")

FIRST_MAP_BYTES = 64 << 20
MAX_MAP_GROWTH_BYTES = 16 << 30  # the map doubles until a doubling would claim this much address space
MAX_READERS = 512  # threads with a reading transaction at one time
LARGE_TRANSACTION_BYTES = 64 << 20  # free space without which a failed write is called a full disk
DAMAGE_ERRORS = (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.VersionMismatchError)


class Table(StrEnum):
    """The named databases.  Numbers in keys are big-endian, so that keys sort as their numbers."""

    META = "meta"  # name -> schema version, counters
    VIDEOS = "videos"  # video id -> JSON
    PATHS = "paths"  # path, in the order of its parts -> video id
    FOLDERS = "folders"  # digests of the parent and the folder -> number of videos, name
    ROWS = "rows"  # row -> time, span, quality, keyframe id
    NUMBERS = "numbers"  # video id, number in the video -> row
    STILLS = "stills"  # row -> AVIF or JPEG
    THUMBNAILS = "thumbnails"  # row -> times and frames of the scene's thumbnails, in one strip
    FRAMES = "frames"  # row -> times and codes of the frames of the scene
    UNFRAMED = "unframed"  # video id, row -> nothing: the scene has no frame codes yet
    UNFEATURED = "unfeatured"  # row -> nothing: the still has no local features yet
    SEARCHABLE = "searchable"  # chunk of rows -> a bit for each: it is stored and not blank
    INCOMPLETE = "incomplete"  # video id -> nothing: it has a path, and its ingest has not ended
    PARTIAL = "partial"  # video id -> nothing: it has a path, is complete, and frames of it were damaged
    PATHLESS = "pathless"  # video id -> nothing: no file of it is left
    FEATURES = "features"  # row -> local features of the still, packed (`cbvir_core.verify`)
    GENERATIONS = "generations"  # generation -> JSON
    DESCRIPTORS = "descriptors"  # generation, row -> float16 filter row; of earlier releases refine row too
    REFINED = "refined"  # generation, row -> float16 refine row
    UNREFINED = "unrefined"  # generation, row -> nothing: the refine row is still missing
    CHANGES = "changes"  # sequence number -> generation, row: what derived files follow
    COMPARED = "compared"  # video id -> how far it was compared with others
    SHARED = "shared"  # two video ids, number -> a segment that both videos show
    SHARED_BY = "shared_by"  # the same two video ids the other way round, number -> nothing


CUT_TABLES = (
    Table.STILLS,
    Table.THUMBNAILS,
    Table.FRAMES,
    Table.FEATURES,
    Table.DESCRIPTORS,
    Table.REFINED,
)
"""The tables of large values, each with a table of their pieces (`cbvir_core.store.pieces`) beside it."""

PIECES_SUFFIX = ".pieces"
MAX_TABLES = len(Table) + len(CUT_TABLES)


def pieces_name(table: Table) -> bytes:
    """Return the name of the table that holds the pieces of a table's values."""
    return f"{table}{PIECES_SUFFIX}".encode()


class Transaction:
    """One consistent view of the store; the values that it returns are memoryviews valid until it ends."""

    def __init__(self, raw: Any, tables: dict[Table, Any], pieces: dict[Table, Any]) -> None:
        self._raw = raw
        self._tables = tables
        self._pieces = pieces

    @property
    def number(self) -> int:
        """The number of the last transaction that this view shows; another one where anything was written."""
        return int(self._raw.id())

    def get(self, table: Table, key: bytes) -> memoryview | None:
        """Return the value, or None."""
        value: memoryview | None = self._raw.get(key, db=self._tables[table])
        return value if value is None else self._whole(table, key, value)

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        """Write or replace a value."""
        if table in self._pieces:
            database = self._tables[table]
            value, pieces = cut(value, self._raw.stat(database)["psize"])
            put_pieces(self._raw, self._pieces[table], key, pieces)
        put_last(self._raw, self._tables[table], key, value)

    def delete(self, table: Table, key: bytes) -> bool:
        """Delete a key; return whether it existed."""
        if table in self._pieces:
            delete_pieces(self._raw, self._pieces[table], key)
        return bool(self._raw.delete(key, db=self._tables[table]))

    def clear(self, table: Table) -> None:
        """Delete every entry."""
        for tables in (self._tables, self._pieces):
            if table in tables:
                self._raw.drop(tables[table], delete=False)

    def scan(self, table: Table, start: bytes, prefix: bytes = b"") -> Iterator[tuple[bytes, memoryview]]:
        """Yield entries from key `start` on, ascending, while keys begin with `prefix`."""
        with self._raw.cursor(self._tables[table]) as cursor:
            if not cursor.set_range(start):
                return
            for key, value in cursor:
                if not (name := bytes(key)).startswith(prefix):
                    return
                yield name, self._whole(table, name, value)

    def scan_down(
        self, table: Table, end: bytes | None, prefix: bytes = b""
    ) -> Iterator[tuple[bytes, memoryview]]:
        """Yield entries below key `end`, or from the last on, descending, while they begin with `prefix`."""
        with self._raw.cursor(self._tables[table]) as cursor:
            found = cursor.prev() if end is not None and cursor.set_range(end) else cursor.last()
            if not found:
                return
            for key, value in cursor.iterprev():
                if not (name := bytes(key)).startswith(prefix):
                    return
                yield name, self._whole(table, name, value)

    def keys(self, table: Table, start: bytes, prefix: bytes = b"") -> Iterator[bytes]:
        """Yield keys from `start` on, ascending, while they begin with `prefix`; values stay unread."""
        with self._raw.cursor(self._tables[table]) as cursor:
            if not cursor.set_range(start):
                return
            for key in cursor.iternext(keys=True, values=False):
                if not (name := bytes(key)).startswith(prefix):
                    return
                yield name

    def last_key(self, table: Table) -> bytes | None:
        """Return the largest key, or None where the table is empty."""
        with self._raw.cursor(self._tables[table]) as cursor:
            return bytes(cursor.key()) if cursor.last() else None

    def size(self, table: Table) -> int:
        """Return the number of entries."""
        return int(self._raw.stat(self._tables[table])["entries"])

    def bytes_of(self, table: Table) -> int:
        """Return the bytes of the pages of a table."""
        stats = [self._raw.stat(tables[table]) for tables in (self._tables, self._pieces) if table in tables]
        counted = ("branch_pages", "leaf_pages", "overflow_pages")
        return sum(int(stat[pages] * stat["psize"]) for stat in stats for pages in counted)

    def _whole(self, table: Table, key: bytes, value: memoryview) -> memoryview:
        """Return the value of a key with its pieces."""
        pieces = read_pieces(self._raw, self._pieces[table], key) if table in self._pieces else []
        return memoryview(b"".join((value, *pieces))) if pieces else value


class Environment:
    """An open LMDB environment in `folder`, which no other process can open meanwhile.

    Any number of threads `read` at once and never wait for the writer, except for the moment in
    which the map grows.  `write` runs one at a time and returns once the change is on the disk.
    """

    def __init__(self, folder: Path, *, first_map_bytes: int = FIRST_MAP_BYTES) -> None:
        self.folder = folder
        self._map_lock = ReadWriteLock()
        self._writing = threading.Lock()
        with self._errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(folder / "writer.lock")
        try:
            with self._errors():
                self._raw = self._open(first_map_bytes)
                self._tables = {table: self._raw.open_db(table.value.encode()) for table in Table}
                self._pieces = {table: self._raw.open_db(pieces_name(table)) for table in CUT_TABLES}
                self._raw.reader_check()
        except BaseException:
            self._lock.close()
            raise

    def _open(self, first_map_bytes: int) -> Any:
        data = self.folder / "data.mdb"
        used = data.stat().st_size if data.exists() else 0
        raw = lmdb.open(
            os.fspath(self.folder),
            map_size=max(first_map_bytes, used),
            # Queries read rows here and there: read ahead, each would read 32 pages for one.
            readahead=False,
            max_dbs=MAX_TABLES,
            max_readers=MAX_READERS,
        )
        # Pages that were allocated and freed in one transaction may lie beyond the end of the file, and so
        # do lost pages of a file that was cut short.
        fill_hole(raw, self.folder)
        return raw

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a consistent view for as long as the block lasts; keep it short."""
        with self._map_lock.shared(), self._errors(), self._raw.begin(buffers=True) as raw:
            yield Transaction(raw, self._tables, self._pieces)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction; return its result once everything that it wrote is on the disk.

        `work` may run more than once, so it must not change anything but the transaction.
        Raises DiskFull; the store is then as it was before.
        """
        with self._writing, self._errors():
            while True:
                try:
                    return self._attempt(work)
                except lmdb.MapFullError:
                    self._grow()

    def _attempt(self, work: Callable[[Transaction], T]) -> T:
        with self._map_lock.shared(), self._raw.begin(write=True, buffers=True) as raw:
            return work(Transaction(raw, self._tables, self._pieces))

    def _grow(self) -> None:
        with self._map_lock.exclusive():
            size = self._raw.info()["map_size"]
            self._raw.set_mapsize(size + min(size, MAX_MAP_GROWTH_BYTES))

    @property
    def map_bytes(self) -> int:
        """The present size of the memory map."""
        return int(self._raw.info()["map_size"])

    def close(self) -> None:
        """Wait for the transactions under way, then release the store for other processes."""
        with self._writing, self._map_lock.exclusive():
            self._raw.close()
        self._lock.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DAMAGE_ERRORS as error:
            raise StoreDamaged(f"the store in {self.folder} cannot be read ({error})") from error
        except lmdb.Error as error:
            raise self._translated(error, error.code) from error
        except OSError as error:
            raise self._translated(error, error.errno) from error

    def _translated(self, error: Exception, code: int | None) -> StoreError:
        # LMDB reports a write that was cut short, as the last one before a full disk is, as EIO.
        if code in NO_ROOM_ERRNOS or (code == errno.EIO and not self._has_room()):
            return DiskFull(f"no room on the disk for the store in {self.folder}; make room, nothing is lost")
        return StoreError(f"the store in {self.folder} failed: {error}")

    def _has_room(self) -> bool:
        """Return whether a file as large as a large transaction could be written beside the store."""
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                os.posix_fallocate(file.fileno(), 0, LARGE_TRANSACTION_BYTES)
        except OSError:
            return False
        return True
