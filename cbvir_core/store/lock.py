"""The file lock by which one process at a time has a store open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cbvir_core.errors import StoreBusy


class WriterLock:
    """A lock on the file `path` until `close`; the file contains the id of the process that holds it.

    The lock is the operating system's and ends with the process, however that ends, so a file that was
    left behind blocks no one.  Raises StoreBusy where another `Store` holds it, in this process or another.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreBusy(
                f"process {holder or 'unknown'} has the store in {path.parent} open; stop it first"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def close(self) -> None:
        """Release the lock.  May be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
