"""Reading request bodies, with a limit so that no caller can fill the memory."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cbvir_core.errors import BadRequest, NotAPicture, TooLarge
from cbvird.http.failures import respond

MAX_BODY_BYTES = 64 << 20
"""Bytes of a request with a picture; a 100-megapixel JPEG is below 50 MB."""


CLIP_PATH = "/v1/query/clip"
"""The request whose body is a video file."""


class LimitBody:
    """ASGI middleware that refuses a body above `MAX_BODY_BYTES`, except for uploads (PUT) and clips.

    These are streamed to disk.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http" or scope["method"] == "PUT" or scope["path"] == CLIP_PATH:
            return await self._app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
            return await respond(413, TooLarge.code, _too_large())(scope, receive, send)
        return await self._app(scope, _counting(receive), send)


def _counting(receive: Receive) -> Receive:
    received_bytes = 0

    async def counted() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > MAX_BODY_BYTES:
            raise TooLarge(_too_large())
        return message

    return counted


def _too_large() -> str:
    return f"the body is larger than {MAX_BODY_BYTES >> 20} MB; scale the picture down"


async def picture_of(request: Request) -> bytes:
    """The picture: the raw body, or the first file of a form.

    Raises BadRequest for a form without a file, NotAPicture where nothing is in what was sent.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        data = await request.body()
    else:
        async with request.form() as form:
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            if not files:
                raise BadRequest("the form carries no picture; send it as a file")
            data = await files[0].read()
    if not data:
        raise NotAPicture("the picture is empty: nothing was sent")
    return data
