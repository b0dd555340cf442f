"""Files that are written once and never changed: how an opening tells that one is what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from cbvir_core.index.pause import Pause, no_pause

CHECKSUM_CHUNK_BYTES = 1 << 20


class IndexFileDamaged(Exception):
    """A file of the index is missing or is not what was written.  Never leaves this package."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """The BLAKE2 checksum of a file, and its size and time of modification when it was written.

    The last two are -1 in manifests of versions that did not keep them.  The libraries that map these files
    believe what they read, so a wrong byte may end the process.
    """

    checksum: str
    size: int = -1
    mtime_ns: int = -1

    @classmethod
    def of(cls, path: Path, checksum: str | None = None) -> Self:
        """Return what is to be kept of a file as it is now; it is read where its checksum is not given.

        Raises OSError.
        """
        status = path.stat()
        return cls(checksum or checksum_of(path), status.st_size, status.st_mtime_ns)

    @classmethod
    def of_entry(cls, entry: str | Mapping[str, object]) -> Self:
        """Return what a manifest keeps; formerly the checksum alone.  Raises TypeError."""
        return cls(entry) if isinstance(entry, str) else cls(**entry)  # type: ignore[arg-type]

    def unchanged(self, path: Path) -> bool:
        """Return whether a file has the size and the time that it was written with.  Raises OSError."""
        status = path.stat()
        return (self.size, self.mtime_ns) == (status.st_size, status.st_mtime_ns)

    def verified(self, path: Path, pause: Pause = no_pause) -> Self:
        """Read a file, and return this with its present size and time.

        Raises OSError, and IndexFileDamaged where the file holds other bytes.
        """
        status = path.stat()
        if checksum_of(path, pause) != self.checksum:
            raise IndexFileDamaged(f"{path} is not what was written")
        return replace(self, size=status.st_size, mtime_ns=status.st_mtime_ns)

    def checked(self, path: Path, *, trust: bool) -> Self:
        """Return this for an unchanged file where such are to be trusted; else what `verified` does."""
        return self if trust and self.unchanged(path) else self.verified(path)


def checksum_of(path: Path, pause: Pause = no_pause) -> str:
    """Return the BLAKE2 checksum of a whole file.  Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHECKSUM_CHUNK_BYTES):
            digest.update(chunk)
            pause()
    return digest.hexdigest()
