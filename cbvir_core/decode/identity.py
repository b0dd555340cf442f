"""A video's name is its content: the same bytes anywhere are the same video."""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from cbvir_core.errors import FileChanged, FileUnreadable, NotAVideo
from cbvir_core.types import VideoId

FINGERPRINT_PART_BYTES = 1 << 20
"""How much of head, middle and tail is hashed: enough for the index of any container, which lies at
the head or the tail, and still three short reads on a disk that turns."""

FINGERPRINT_BYTES = 16
"""128 bits: a collision among a billion videos has a chance of about 1e-21."""


def fingerprint(path: str | Path) -> VideoId:
    """The content's name: 32 hexadecimal digits over size, head, middle and tail.

    A rename, a move or a new date changes nothing.  Files of up to three parts are hashed whole; in
    a longer one a change that keeps the size and lies between the parts is not seen, which no
    recording or edit does, since the container's index changes with it.

    Raises NotAVideo for what is no regular file or is empty, FileUnreadable when it is gone or
    forbidden, FileChanged when it is being written.
    """
    file_path = Path(path)
    size = regular_size(file_path)
    try:
        with file_path.open("rb") as file:
            before = os.fstat(file.fileno())
            digest = _digest(file, size)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise unreadable(file_path, error) from error
    if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
        raise FileChanged(f"{file_path} is still being written; try again when it is finished.")
    return VideoId(digest)


def regular_size(path: Path) -> int:
    """The size in bytes of a regular file that is not empty; opens nothing.

    A pipe or device is refused before it is opened, since opening one may wait for ever.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise NotAVideo(f"{path} is a folder, not a video; name the files inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise NotAVideo(f"{path} is a device, pipe or socket, not a video file.")
    if status.st_size == 0:
        raise NotAVideo(f"{path} is empty; copy or record it again.")
    return status.st_size


def unreadable(path: Path, error: Exception) -> FileUnreadable:
    """The error for a file that the operating system does not hand out."""
    if isinstance(error, FileNotFoundError):
        return FileUnreadable(f"{path} is not there; it may have been moved or its disk unmounted.")
    if isinstance(error, PermissionError):
        return FileUnreadable(f"{path} may not be read; allow this user to read it and its folder.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return FileUnreadable(f"{path} cannot be read: {reason}.")


def _digest(file: BinaryIO, size: int) -> str:
    digest = blake2b(size.to_bytes(8, "little"), digest_size=FINGERPRINT_BYTES)
    if size <= 3 * FINGERPRINT_PART_BYTES:
        digest.update(file.read(size))
        return digest.hexdigest()
    for offset in (0, (size - FINGERPRINT_PART_BYTES) // 2, size - FINGERPRINT_PART_BYTES):
        file.seek(offset)
        digest.update(file.read(FINGERPRINT_PART_BYTES))
    return digest.hexdigest()
