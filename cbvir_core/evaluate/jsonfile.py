"""JSON files that the user brings: read as a dict, with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.json_text import parse_json


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file.  Raise FileUnreadable or InputError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileUnreadable(f"cannot be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise InputError(f"is not in UTF-8: {error}", path=path) from error


def read_json_dict(path: Path) -> dict[str, Any]:
    """Return the dict that a JSON file holds.  Raise FileUnreadable, or InputError for anything else."""
    try:
        found = parse_json(read_text(path))
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", path=path) from error
    if not isinstance(found, dict):
        raise InputError("is not a JSON object", path=path)
    return found
