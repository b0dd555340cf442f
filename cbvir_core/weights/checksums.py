"""Checksums kept beside weight files, as ``sha256sum -c SHA256SUMS`` reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from cbvir_core.files import no_room, replacing

SUMS_FILE = "SHA256SUMS"


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """File name to SHA-256; empty where no checksums are kept.  Lines that are none are passed over."""
    try:
        lines = (folder / SUMS_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[1].lstrip("*"): pair[0] for pair in pairs if len(pair) == 2}


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Replaces the folder's checksums.  Raises DiskFull."""
    with no_room(folder / SUMS_FILE), replacing(folder / SUMS_FILE) as temporary:
        temporary.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
