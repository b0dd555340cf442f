"""Writing of files that appear whole or not at all, and a full disk as an error."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cbvir_core.errors import DiskFull

NO_ROOM_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the operating system that mean that there is no room to write."""

FileState = tuple[int, int, int]
"""Inode, size and time of modification: differs once a file was replaced or written to."""


def state_of(path: Path) -> FileState:
    """Return the state of a file, by which a later call tells whether it changed.  Raises OSError."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def no_room(path: Path) -> Iterator[None]:
    """Turn the operating system's "no space left" in the block into `DiskFull` with the file's name."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM_ERRNOS:
            raise DiskFull(f"no room on the disk to write {path}; make room and try again") from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` to write to; it replaces `path` when the block succeeds.

    After the block the new file is on the disk under its name; a power cut leaves the old or the new one,
    whole.  After a failure the temporary file is gone and `path` is as it was.
    Raises OSError; put it inside `no_room` for DiskFull.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    temporary.touch(exist_ok=False)  # with the permissions that the process's umask leaves
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
    """Write a file's bytes, or a folder's names, through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
