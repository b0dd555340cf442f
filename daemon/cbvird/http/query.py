"""Queries: in which video, and when, does a picture appear?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel

from cbvir_core.decode import encode_png
from cbvir_core.errors import BadRequest, CbvirError
from cbvir_core.search import QueryStage, SearchOptions, StageListener
from cbvir_core.types import Answer
from cbvir_shared.path_text import path_of
from cbvird.http.body import picture_of
from cbvird.http.context import Context, Served
from cbvird.http.documents import AnswerDocument, VideoSeconds
from cbvird.http.error_documents import ErrorBody, ErrorDocument
from cbvird.http.event_documents import described_stream
from cbvird.http.keyframes import parsed
from cbvird.http.metrics import QUERY_SECONDS
from cbvird.http.work import Patience, done_for

router = APIRouter(tags=["query"])

REGION_PATTERN = r"^[0-9]{1,9},[0-9]{1,9},[1-9][0-9]{0,8},[1-9][0-9]{0,8}$"

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"picture": _BINARY["schema"]}}}
PICTURE_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"image/*": _BINARY, "multipart/form-data": _FORM}}
}
"""A picture as the body of a request, for the description of a route."""
_STAGES = {kind: {"$ref": "#/components/schemas/AnswerDocument"} for kind in (*QueryStage, "answer")} | {
    "error": {"$ref": "#/components/schemas/ErrorDocument"}
}


RegionParameter = Annotated[
    str | None,
    Query(description="X,Y,W,H in pixels of the picture", json_schema_extra={"pattern": REGION_PATTERN}),
]
"""The part of a picture that is looked for.  The pattern is for the description: `region_of` says in words
what is wrong."""

UNBUFFERED = {"x-accel-buffering": "no"}
"""Tells nginx to pass an event on at once; FastAPI sends it with the streams that it makes itself."""


@router.post("/query", openapi_extra=PICTURE_BODY | described_stream(_STAGES), response_model=AnswerDocument)
async def query(
    request: Request,
    served: Served,
    top: Annotated[int | None, Query(ge=1, le=1000, description="largest number of scenes")] = None,
    region: RegionParameter = None,
    within: Annotated[list[str] | None, Query(alias="in", description="folders or videos")] = None,
    everywhere: Annotated[
        bool, Query(alias="all", description="all scenes that are at least likely; not together with top")
    ] = False,
) -> AnswerDocument | EventSourceResponse:
    """Answer a picture: the raw body, or the first file of a form.

    With ``Accept: text/event-stream`` the answer comes in stages, each a whole one: ``shortlist`` (by
    the filter alone), ``verified`` (local features compared) and ``answer``, the last; or ``error``.
    """
    if everywhere and top is not None:
        raise BadRequest("all and top exclude each other; leave out one of them")
    options = replace(
        served.search,
        top=top or served.search.top,
        region=region_of(region),
        within=tuple(folder_or_video(text) for text in within or ()),
        wait_for_refine=False,
        everywhere=everywhere,
    )
    picture = await picture_of(request)
    if "text/event-stream" in request.headers.get("accept", ""):
        return EventSourceResponse(_staged(served, picture, options), headers=UNBUFFERED)
    patience = Patience()
    search = partial(searched, served, picture, options, lambda stage, answer: patience.check())
    return AnswerDocument.of(await done_for(request, served.queries, search, patience))


def _staged(served: Context, picture: bytes, options: SearchOptions) -> AsyncIterator[bytes]:
    """Begin a query; return an event for each of its stages, when it is known.  Raises ServiceBusy."""
    loop, stages, patience = asyncio.get_running_loop(), asyncio.Queue[bytes | None](), Patience()

    def tell(stage: QueryStage, answer: Answer) -> None:
        patience.check()
        loop.call_soon_threadsafe(stages.put_nowait, _event(stage.value, AnswerDocument.of(answer)))

    search = loop.run_in_executor(served.queries, searched, served, picture, options, tell)
    search.add_done_callback(lambda _: stages.put_nowait(None))
    return _events(search, stages, patience)


async def _events(
    search: asyncio.Future[Answer], stages: asyncio.Queue[bytes | None], patience: Patience
) -> AsyncIterator[bytes]:
    """Yield the events of a query, and end it where nobody reads them."""
    try:
        while (event := await stages.get()) is not None:
            yield event
    finally:
        patience.end()
        search.cancel()
    try:
        yield _event("answer", AnswerDocument.of(search.result()))
    except CbvirError as error:
        yield _event("error", ErrorDocument(error=ErrorBody.of(error)))


def _event(kind: str, document: BaseModel) -> bytes:
    return format_sse_event(event=kind, data_str=document.model_dump_json())


@router.post("/keyframes/{keyframe_id}/evidence", openapi_extra=PICTURE_BODY, response_class=Response)
async def evidence(
    request: Request,
    served: Served,
    keyframe_id: str,
    time_s: Annotated[
        VideoSeconds | None,
        Query(description="the result's time, whose frame is shown; else the still is"),
    ] = None,
    region: RegionParameter = None,
    caption: Annotated[list[str] | None, Query(description="lines of text below the pictures")] = None,
) -> Response:
    """Draw a PNG: the picture, the frame at a time of the keyframe's video, and the points that agree."""
    wanted = parsed(keyframe_id)
    picture = await picture_of(request)
    draw = partial(
        served.library.evidence, picture, wanted, caption or (), time_s=time_s, region=region_of(region)
    )
    drawn = await done_for(request, served.queries, lambda: encode_png(draw()))
    return Response(drawn, media_type="image/png")


def searched(
    served: Context, picture: bytes, options: SearchOptions, told: StageListener | None = None
) -> Answer:
    """Search in the thread of a query; other work yields to it."""
    with served.event_bus.query_running(), QUERY_SECONDS.time():
        return served.library.search(picture, options, told)


def region_of(text: str | None) -> tuple[int, int, int, int] | None:
    """Return the region that X,Y,W,H names.  Raises BadRequest."""
    if text is None:
        return None
    try:
        x, y, width, height = (int(number) for number in text.split(","))
    except ValueError:
        raise BadRequest(f"region wants four whole numbers X,Y,W,H, not {text!r}") from None
    if x < 0 or y < 0 or width < 1 or height < 1:
        raise BadRequest(f"region {text!r} is empty or begins outside the picture")
    return x, y, width, height


def folder_or_video(text: str) -> Path | str:
    """Return the path of a folder or video, or the beginning of a video's id."""
    return Path(path_of(text)) if text.startswith("/") else text
