"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cbvir_core.errors import DiskFull

NO_ROOM_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


FileState = tuple[int, int, int]
"""Changes whenever a file is replaced or written to."""


def state_of(path: Path) -> FileState:
    """Tells without reading a file whether it is the same as before.  Raises OSError."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def no_room(path: Path) -> Iterator[None]:
    """Turns the system's "no space left" into `DiskFull`, with the file that wanted the room."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM_ERRNOS:
            raise DiskFull(f"no room on the disk to write {path}; make room and try again") from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to; it takes `path`'s place when the block succeeds.

    When the block is left, the disk has the new file under its name; a power cut leaves the one or the
    other, whole.  On a failure the temporary file is removed and what was at `path` stays as it was.
    Raises OSError; put it inside `no_room` for DiskFull.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    temporary.touch(exist_ok=False)  # readable by whom the process's umask says
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Returns when the disk has a file's bytes, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
