"""Checksums that are kept beside weight files, in the format that ``sha256sum -c SHA256SUMS`` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from cbvir_core.files import no_room, replacing

CHECKSUMS_FILE = "SHA256SUMS"


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_checksums(folder: Path) -> dict[str, str]:
    """Return file names with their SHA-256; empty where the folder keeps none.

    Lines that are no checksum are skipped.
    """
    try:
        lines = (folder / CHECKSUMS_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[1].lstrip("*"): pair[0] for pair in pairs if len(pair) == 2}


def write_checksums(folder: Path, checksums: Mapping[str, str]) -> None:
    """Replace the folder's checksums.  Raise DiskFull."""
    with no_room(folder / CHECKSUMS_FILE), replacing(folder / CHECKSUMS_FILE) as temporary:
        temporary.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(checksums.items())))


def take_files(staged: Path, folder: Path) -> None:
    """Move all files of `staged` into `folder`, in place of those of the same names, with their checksums.

    The old checksums are removed before the move and the new ones written after it.  A crash in between
    leaves files without a checksum, not files with a wrong one.
    """
    fresh = {file.name: sha256_of(file) for file in staged.iterdir()}
    folder.mkdir(exist_ok=True)
    write_checksums(
        folder, {name: kept for name, kept in read_checksums(folder).items() if name not in fresh}
    )
    for name in sorted(fresh):
        (staged / name).replace(folder / name)
    write_checksums(folder, read_checksums(folder) | fresh)
