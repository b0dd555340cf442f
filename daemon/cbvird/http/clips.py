"""Queries with clips: which part of a clip is which part of which video?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from cbvir_core.clips import ClipAnswer
from cbvir_core.errors import CbvirError
from cbvir_core.search import SearchOptions
from cbvird.http.clip_documents import ClipAnswerDocument
from cbvird.http.context import Context, Served
from cbvird.http.metrics import QUERY_SECONDS
from cbvird.http.query import folder_or_video
from cbvird.http.uploads import saved
from cbvird.http.work import done_for

router = APIRouter(tags=["query"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"video/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/query/clip", openapi_extra=_BODY)
async def query_clip(
    request: Request,
    served: Served,
    top: Annotated[int | None, Query(ge=1, le=1000, description="largest number of segments")] = None,
    within: Annotated[list[str] | None, Query(alias="in", description="folders or videos")] = None,
    evidence: Annotated[bool, Query(description="with a picture of why each was found")] = False,
) -> ClipAnswerDocument:
    """Answer a clip, a video file as the raw body; it is streamed to disk and removed after the answer."""
    places = tuple(folder_or_video(text) for text in within or ())
    options = replace(served.search, top=top or served.search.top, within=places)
    async with saved(request.stream(), served.uploads) as clip:
        search = partial(_search, served, clip, options, evidence)
        answer = await done_for(request, served.queries, search)
    return ClipAnswerDocument.of(answer)


def _search(served: Context, clip: Path, options: SearchOptions, evidence: bool) -> ClipAnswer:
    with served.event_bus.query_running(), QUERY_SECONDS.time():
        try:
            return served.library.search_clip(clip, options, sheets=evidence)
        except CbvirError as error:
            raise error.about("the clip") from error  # the sender knows nothing of the file here
