"""Rules about files, network and signals that the kernel holds for this process (Landlock, landlock(7))."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, of the same number on every processor."""

ASK_VERSION = 1
RULE_PATH_BENEATH = 1

WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Rights about files that a version of Landlock knows; 16 from the fifth on."""

NETWORK_SINCE, SCOPES_SINCE, TRUNCATE_SINCE = 4, 6, 3
ALL_NETWORK = 0b11
"""Binding and connecting over TCP."""

ALL_SCOPES = 0b11
"""Abstract unix sockets of other processes, and signals to them."""

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """Return the version that the kernel has; 0 where it has none."""
    return max(0, int(_libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))))


def restrict_files(readable: Iterable[Path], writable: Path | None) -> str:
    """Let this process read what lies at or below some paths, write to one file, and no more.

    It reaches no network and signals no other process either, where the kernel can hold that.  It cannot be
    taken back.  Returns "" or why that is not possible; the process must not gain privileges any more.
    """
    version = landlock_version()
    if version == 0:
        return "the kernel has no Landlock"
    handled = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    rules = struct.pack(
        "QQQ",
        handled,
        ALL_NETWORK if version >= NETWORK_SINCE else 0,
        ALL_SCOPES if version >= SCOPES_SINCE else 0,
    )
    size = 8 * (1 + (version >= NETWORK_SINCE) + (version >= SCOPES_SINCE))
    ruleset = _libc.syscall(CREATE_RULESET, ctypes.c_char_p(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return _refused("makes no rules")
    try:
        for path in readable:
            _allow(ruleset, path, READ_FILE | READ_DIR)
        if writable is not None:
            _allow(ruleset, writable, READ_FILE | WRITE_FILE | (TRUNCATE if version >= TRUNCATE_SINCE else 0))
        if _libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) != 0:
            return _refused("does not hold the rules")
    finally:
        os.close(ruleset)
    return ""


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule for a path; what is not there is not allowed, and whoever opens it hears so."""
    with suppress(OSError, ValueError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if path.is_dir() else rights & ~READ_DIR
            rule = struct.pack("=Qi", allowed, opened)
            _libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.c_char_p(rule), ctypes.c_uint32(0))
        finally:
            os.close(opened)


def _refused(what: str) -> str:
    return f"Landlock {what} ({os.strerror(ctypes.get_errno())})"
