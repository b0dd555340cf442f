"""Keys of paths: they sort as paths do, part by part, so that what lies in a folder lies together.

LMDB's keys have at most 511 bytes and paths 4,096.  The end of a longer path is a digest in its key.  Paths
that are alike up to there have keys that lie together, but in no order: who reads them sorts each such group
by `path_order`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PATH_DIGEST_BYTES = 32
PATH_HEAD_BYTES = 511 - PATH_DIGEST_BYTES
"""Bytes of a path that its key has as they are.  A key of a longer path has 511 bytes, others have fewer."""


def path_order(path: Path) -> bytes:
    """Return bytes that sort as paths do by their parts, and that name the path."""
    return os.fsencode(path).replace(b"/", b"\0")


def path_key(path: Path) -> bytes:
    """Return the key of a path."""
    whole = path_order(path)
    if len(whole) <= PATH_HEAD_BYTES:
        return whole
    return whole[:PATH_HEAD_BYTES] + _digest(whole)


def folder_prefix(folder: Path) -> bytes:
    """Return what `path_order` of everything in a folder begins with."""
    return path_order(folder).rstrip(b"\0") + b"\0"


def key_after(prefix: bytes) -> bytes | None:
    """Return the least key that is greater than all that begin with `prefix`; None where none is."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None


def folder_key(folder: Path) -> bytes:
    """Return the key of a folder in the table of folders: those in one folder lie together."""
    return folders_prefix(folder.parent) + _digest(path_order(folder))


def folders_prefix(folder: Path) -> bytes:
    """Return what the keys of all folders directly in a folder begin with."""
    return _digest(path_order(folder))


def _digest(whole: bytes) -> bytes:
    return hashlib.blake2b(whole, digest_size=PATH_DIGEST_BYTES).digest()
