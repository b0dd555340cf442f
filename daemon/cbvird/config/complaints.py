"""What pydantic says of a wrong value, as the end of a sentence that begins with the name of the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREFIXES = ("Value error, ", "Assertion failed, ", "Input ")
"""How pydantic begins: with the kind of exception that a check raised, or with a name for the value."""


def complaint(detail: Mapping[str, Any]) -> str:
    """Return what one of the errors of a `ValidationError` says: ``should be greater than 0``."""
    said = str(detail["msg"])
    for prefix in PREFIXES:
        said = said.removeprefix(prefix)
    return said
