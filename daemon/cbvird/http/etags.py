"""Answers that a browser need not fetch twice: ETags, and 304 for what it has."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response

KEPT_FOR_S = 3600
"""Seconds that a browser may use a picture of a video without a question: its content is its name."""


def is_known(tag: str, request: Request) -> bool:
    """Return whether the sender has the version with this ETag already."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known


def tag_of(data: bytes, *more: object) -> str:
    """Return the ETag of some bytes and of what is done with them."""
    return f'"{hashlib.sha256(repr(more).encode() + data).hexdigest()[:24]}"'


def picture_answer(
    data: bytes, request: Request, headers: dict[str, str] | None = None, *, media_type: str = "image/jpeg"
) -> Response:
    """Return a picture with its ETag, or 304 where the sender has it."""
    tag = tag_of(data)
    more = {"etag": tag, "cache-control": f"private, max-age={KEPT_FOR_S}"} | (headers or {})
    if is_known(tag, request):
        return Response(status_code=304, headers=more)
    return Response(data, media_type=media_type, headers=more)
