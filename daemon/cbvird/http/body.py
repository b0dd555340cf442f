"""Reading request bodies, with a limit so that no caller can fill the memory."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cbvir_core.errors import BadRequest, NotAPicture, ServiceBusy, TooLarge
from cbvird.http.failures import respond

MAX_BODY_BYTES = 64 << 20
"""Bytes of a request with a picture; a 100-megapixel JPEG is below 50 MB."""


MAX_HELD_BYTES = 512 << 20
"""Bytes of all bodies together that are in memory."""

BODY_STALL_S = 30.0
"""Seconds without a byte after which a body is given up."""

CLIP_PATH = "/v1/query/clip"
"""The request whose body is a video file."""


class LimitBody:
    """ASGI middleware that refuses a body above `MAX_BODY_BYTES`, except for uploads (PUT) and clips.

    These are streamed to disk.  All bodies together may take `MAX_HELD_BYTES`, and none may stall: whoever
    sends bodies and never ends them takes no memory from others.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._held = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http" or scope["method"] == "PUT" or scope["path"] == CLIP_PATH:
            return await self._app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
            return await respond(413, TooLarge.code, _too_large())(scope, receive, send)
        body = CountedBody(receive)
        try:
            await self._app(scope, partial(self._receive, body), send)
        finally:
            self._held -= body.received_bytes

    async def _receive(self, body: CountedBody) -> Message:
        before = body.received_bytes
        try:
            message = await body.receive()
        finally:
            self._held += body.received_bytes - before
        if body.received_bytes > before and self._held > MAX_HELD_BYTES:
            raise ServiceBusy("too much is being sent at once; try again in a moment")
        return message


class CountedBody:
    """The messages of one request, its body counted; one that stalls or is too large is an error."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._whole = receive, False
        self.received_bytes = 0

    async def receive(self) -> Message:
        """Return the next message.  Raises TooLarge; HTTPException with status 408 where nothing comes."""
        if self._whole:  # what comes now is the end of the connection, which may take as long as the answer
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_STALL_S)
        except TimeoutError:
            raise HTTPException(408, f"nothing of the body came for {BODY_STALL_S:.0f} s") from None
        self.received_bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self.received_bytes > MAX_BODY_BYTES:
            raise TooLarge(_too_large())
        return message


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
