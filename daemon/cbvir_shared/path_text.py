r"""Paths as text that JSON, terminals and browsers can carry, and back.

A name on Linux is bytes; Python has a surrogate for each one that is no UTF-8.  As text, such a byte is
``\xNN``.  A backslash of the name itself before ``xNN`` is ``\x5c``, so that no two paths have one
text.  All other paths are their own text.
"""

from __future__ import annotations

import re
from pathlib import Path

_LIKE_A_BYTE = re.compile(r"\\(?=x[0-9a-f]{2})")
_WRITTEN_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shown(text: Path | str) -> str:
    """Return a path, or a sentence that holds one, as text."""
    plain = _LIKE_A_BYTE.sub(r"\\x5c", str(text))
    return as_utf8(plain)


def as_utf8(text: str) -> str:
    r"""Return text with ``\xNN`` for bytes that are no UTF-8; what is a text already stays as it is."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "replace").decode()


def printable(text: str) -> str:
    r"""Return a shown path on one line: a newline or another control character as ``\xNN`` too.

    A terminal would obey them, and a row of a table would be two.
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def path_of(text: str) -> str:
    """Return the path that `shown`, or `printable` after it, made a text of.

    A path that is no such text yet stays as it is, but for a backslash before ``xNN``.
    """
    return bytes_of(text).decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Return the bytes of that path."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        raw = text.encode("utf-8", "replace")
    return _WRITTEN_BYTE.sub(lambda byte: bytes([int(byte[1], 16)]), raw)
