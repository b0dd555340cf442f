"""Watched folders that take uploads: which names they take, and how a file appears in them as a whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from cbvir_core.errors import BadRequest, DiskFull, FileExists, TooLarge
from cbvir_core.files import no_room, sync
from cbvird.config import WatchSettings
from cbvird.watch.scan import PathFilter

LOG = structlog.get_logger(__name__)

TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".cbvir-", ".part"
"""Hidden, so that no scan takes a file that is still being sent."""

MAX_NAME_BYTES = 255
"""Of a file's name, in every file system of Linux."""


class UploadFolders:
    """The folders of ``web.uploads``, which lie in watched folders.  Nothing else is ever written there."""

    def __init__(self, folders: Sequence[Path], max_bytes: int, watch: WatchSettings) -> None:
        self.folders, self.max_bytes = tuple(folders), max_bytes
        self._roots, self._wanted = watch.folders, PathFilter(watch)

    def target(self, folder: Path, name: str) -> Path:
        """Return where a file of this name goes.

        Raises BadRequest for a folder that takes none, and for a name that is no plain one or that ingest
        would not take; FileExists.
        """
        if folder not in self.folders:
            raise BadRequest("takes no uploads; web.uploads lists the folders that do", path=folder)
        plain = name not in ("", ".", "..") and "/" not in name and name.isprintable()
        if not plain or len(os.fsencode(name)) > MAX_NAME_BYTES:
            raise BadRequest(f"{name!r} is no plain name of a file")
        target = folder / name
        if not any(self._wanted.wants(root, target) for root in self._roots):
            raise BadRequest(f"{name!r} would not be taken in: watch.include lists the names of videos")
        if target.exists():
            raise FileExists("exists already; send it under another name", path=target)
        return target

    def check_size(self, target: Path, size: int) -> None:
        """Raise TooLarge or DiskFull for a file of `size` bytes that cannot be taken."""
        if size > self.max_bytes:
            raise TooLarge(f"the file is larger than {self.max_bytes >> 20} MB (web.upload_mb)")
        if shutil.disk_usage(target.parent).free < size:
            raise DiskFull(f"no room on the disk for {target}; make room and try again")

    @contextmanager
    def receiving(self, target: Path) -> Iterator[Path]:
        """Yield a hidden file to write to; it gets its name when the block succeeds, else it is removed.

        Raises FileExists where another file has got the name meanwhile, DiskFull.
        """
        temporary = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
        try:
            with no_room(target):
                yield temporary
                sync(temporary)
                _claim(target)
                temporary.replace(target)
                sync(target.parent)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()

    def sweep(self) -> None:
        """Remove what uploads left behind that a crash ended; to be called while none runs."""
        for folder in self.folders:
            try:
                for left in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
                    left.unlink()
                    LOG.info("unfinished upload removed", path=str(left))
            except OSError as error:
                LOG.warning("uploads cannot be cleaned up", folder=str(folder), reason=str(error))


def _claim(target: Path) -> None:
    """Make an empty file of this name, which only one process can; not every file system can link."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        raise FileExists("exists already; send it under another name", path=target) from None
