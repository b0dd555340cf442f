"""The JSON document of an error: the same on the socket and on stdout."""

from __future__ import annotations

from typing import Any


def error_document(code: str, message: str, *, retry: bool = False) -> dict[str, Any]:
    """Return the document: a stable code, a sentence, and whether the same call may succeed later."""
    return {"error": {"code": code, "message": message, "retry": retry}}
