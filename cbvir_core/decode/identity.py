"""The identity of a video, which is its content: the same bytes at any path are the same video."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from cbvir_core.errors import FileChanged, FileUnreadable, NotAVideo
from cbvir_core.types import VideoId

FINGERPRINT_PART_BYTES = 1 << 20
"""Bytes of head, middle and tail that are hashed: enough for the index of any container, which lies at
the head or the tail, and only three short reads on a spinning disk."""

FINGERPRINT_BYTES = 16
"""128 bits: a collision among a billion videos has a chance of about 1e-21."""

GROWING_MARK = "g"
"""The first character of the id of a video whose file still grows; a fingerprint has hexadecimal digits."""

GROWING_HEAD_BYTES = 1 << 16
"""Bytes of the head by which a growing file is known: a tenth of a second of a recording."""


def fingerprint(path: str | Path) -> VideoId:
    """Return the identity of the content: 32 hexadecimal digits over size, head, middle and tail.

    A rename, a move or a new date changes nothing.  Files of up to three parts are hashed whole.  In
    a longer one, a change that keeps the size and lies between the parts is not noticed; no recording or
    edit makes such a change, since the container's index changes with it.

    Raises NotAVideo for what is no regular file or is empty, FileUnreadable when it is gone or
    forbidden, FileChanged when it is being written.
    """
    file_path = Path(path)
    size = regular_size(file_path)
    try:
        with file_path.open("rb") as file:
            return fingerprint_of(file, size, file_path)
    except OSError as error:
        raise unreadable(file_path, error) from error


def fingerprint_of(file: BinaryIO, size: int, path: Path) -> VideoId:
    """Return the fingerprint of an open file of `size` bytes.  Raises FileChanged, and OSError."""
    before = os.fstat(file.fileno())
    digest = _digest(file, size)
    after = os.fstat(file.fileno())
    if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
        raise FileChanged("is still being written; try again when it is finished.", path=path)
    return VideoId(digest)


def growing_id(inode: int, head: Callable[[int], bytes]) -> VideoId:
    """Return the id of a video while its file grows: by the file's inode and its head, so a rename keeps it.

    `head` returns the first so many bytes of the file.
    """
    digest = blake2b(inode.to_bytes(16, "little"), digest_size=FINGERPRINT_BYTES, person=b"growing")
    digest.update(head(GROWING_HEAD_BYTES))
    return VideoId(GROWING_MARK + digest.hexdigest()[1:])


def is_growing(video_id: VideoId) -> bool:
    """Return whether an id is that of a video whose file still grows."""
    return video_id.startswith(GROWING_MARK)


def identity_like(path: Path, video_id: VideoId | None) -> VideoId:
    """Return the identity of a file's content, of the kind of a known id: compare it with that one.

    Raises what `fingerprint` raises.
    """
    if video_id is None or not is_growing(video_id):
        return fingerprint(path)
    regular_size(path)
    try:
        with path.open("rb") as file:
            return growing_id(os.fstat(file.fileno()).st_ino, file.read)
    except OSError as error:
        raise unreadable(path, error) from error


def regular_size(path: Path, *, may_be_empty: bool = False) -> int:
    """Return the size in bytes of a regular file that is not empty, without opening it.

    A pipe or device is refused before it is opened, since opening one may block forever.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise NotAVideo("is a folder, not a video; name the files inside it.", path=path)
    if not stat.S_ISREG(status.st_mode):
        raise NotAVideo("is a device, pipe or socket, not a video file.", path=path)
    if status.st_size == 0 and not may_be_empty:
        raise NotAVideo("is empty; copy or record it again.", path=path)
    return status.st_size


def unreadable(path: Path, error: Exception) -> FileUnreadable:
    """Return the error for a file that the operating system does not let be read."""
    if isinstance(error, FileNotFoundError):
        return FileUnreadable("is not there; it may have been moved or its disk unmounted.", path=path)
    if isinstance(error, PermissionError):
        return FileUnreadable("may not be read; allow this user to read it and its folder.", path=path)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return FileUnreadable(f"cannot be read: {reason}.", path=path)


def _digest(file: BinaryIO, size: int) -> str:
    digest = blake2b(size.to_bytes(8, "little"), digest_size=FINGERPRINT_BYTES)
    if size <= 3 * FINGERPRINT_PART_BYTES:
        file.seek(0)
        digest.update(file.read(size))
        return digest.hexdigest()
    for offset in (0, (size - FINGERPRINT_PART_BYTES) // 2, size - FINGERPRINT_PART_BYTES):
        file.seek(offset)
        digest.update(file.read(FINGERPRINT_PART_BYTES))
    return digest.hexdigest()
