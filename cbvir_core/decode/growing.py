"""A file that is still being written, read as a stream: at its end reading waits for what comes next."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvir_core.decode.complete import ISO_FIRST_BOXES
from cbvir_core.decode.identity import fingerprint_of, growing_id, regular_size, unreadable
from cbvir_core.errors import FileChanged, FileUnreadable
from cbvir_core.types import VideoId

GROWTH_POLL_S = 0.5
"""Seconds between two looks at the end of a file for more."""

STREAMED_CONTAINERS = frozenset({"mpegts", "mpeg", "matroska", "flv", "mov"})
"""Containers that can be read from the front while they are written; of MP4 those whose index comes first, as
in fragmented ones.  Others are read when they are whole."""

_BOX_HEAD = struct.Struct(">I4sQ")  # size, kind, the size again where it takes eight bytes


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """What a file that grew is now that it has ended: the identity of its content, its size and its time."""

    video_id: VideoId
    size_bytes: int
    mtime_ns: int


class GrowingFile:
    """An open file that another program appends to; a context manager.

    It has ended once neither its size nor its time has changed for `quiet_s` seconds, and stays ended for all
    its readers.  `waiting` is called at each look for more.  `clock` returns seconds that never go back.  A
    rename changes nothing, for the file stays open.

    Every reading method waits for bytes that are still to come.  It raises FileUnreadable where the file was
    deleted or cannot be read any more, and FileChanged where it was cut short.
    """

    def __init__(
        self,
        path: Path,
        quiet_s: float,
        *,
        waiting: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        regular_size(path, may_be_empty=True)
        self.path, self._quiet_s = path, quiet_s
        self._waiting, self._clock, self._sleep = waiting, clock, sleep
        self._seen: tuple[int, int] | None = None
        self._seen_since = 0.0
        self._end: tuple[int, int] | None = None
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise unreadable(path, error) from error

    def read_at(self, offset: int, count: int) -> bytes:
        """Return the next bytes from `offset` on, up to `count`; none where the file has ended there."""
        while True:
            data = self._there(offset, count)
            if data or self._has_ended(offset):
                return data
            self._waiting()
            self._sleep(GROWTH_POLL_S)

    def head(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on; fewer only where the file has ended before."""
        data = b""
        while len(data) < count and (more := self.read_at(offset + len(data), count - len(data))):
            data += more
        return data

    def video_id(self) -> VideoId:
        """Return the id of the video while it grows: see `cbvir_core.decode.identity.growing_id`."""
        return growing_id(self._status().st_ino, lambda count: self.head(0, count))

    def size_bytes(self) -> int:
        """Return the size of the file now."""
        return self._status().st_size

    def index_comes_first(self) -> bool:
        """Return whether an MP4 has its index before its pictures; True for other containers."""
        offset = 0
        while len(head := self.head(offset, _BOX_HEAD.size)) == _BOX_HEAD.size:
            size, kind, large_size = _BOX_HEAD.unpack(head)
            if kind == b"moov" or (offset == 0 and kind not in ISO_FIRST_BOXES):
                return True
            size = large_size if size == 1 else size
            if kind == b"mdat" or size < 8:
                return False
            offset += size
        return False

    def finished(self) -> FinishedFile:
        """Return what the ended file is.  Raises FileChanged where it has grown since, or has not ended."""
        status = self._status()
        if (status.st_size, status.st_mtime_ns) != self._end:
            raise FileChanged("went on growing after it was taken for finished", path=self.path)
        with os.fdopen(os.dup(self._file.fileno()), "rb") as file:
            video_id = fingerprint_of(file, status.st_size, self.path)
        return FinishedFile(video_id, status.st_size, status.st_mtime_ns)

    def _there(self, offset: int, count: int) -> bytes:
        if self._end is not None:
            count = max(0, min(count, self._end[0] - offset))
        try:
            return os.pread(self._file.fileno(), count, offset)
        except OSError as error:
            raise unreadable(self.path, error) from error

    def _has_ended(self, offset: int) -> bool:
        if self._end is not None:
            return True
        status, now = self._status(), self._clock()
        if status.st_nlink == 0:
            raise FileUnreadable("was deleted while it grew.", path=self.path)
        if status.st_size < offset:
            raise FileChanged("was cut short while it grew; it is read again.", path=self.path)
        state = status.st_size, status.st_mtime_ns
        if state != self._seen:
            self._seen, self._seen_since = state, now
        if now - self._seen_since >= self._quiet_s:
            self._end = state
        return self._end is not None

    def _status(self) -> os.stat_result:
        try:
            return os.fstat(self._file.fileno())
        except OSError as error:
            raise unreadable(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class GrowingStream:
    """A growing file from its beginning, for PyAV: what has no `seek` is read as a stream."""

    def __init__(self, file: GrowingFile) -> None:
        self.name = str(file.path)
        self._file, self._offset = file, 0

    def read(self, count: int) -> bytes:
        """Return the next bytes, as soon as there are any; none at the end."""
        data = self._file.read_at(self._offset, count)
        self._offset += len(data)
        return data
