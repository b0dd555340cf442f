"""Queries with several pictures in order: which video shows them one after the other?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from cbvir_core.clips import OrderedHit
from cbvir_core.errors import BadRequest
from cbvir_core.search import SearchOptions
from cbvir_shared.path_text import shown
from cbvird.http.context import Context, Served
from cbvird.http.documents import HitDocument
from cbvird.http.metrics import QUERY_SECONDS
from cbvird.http.query import folder_or_video
from cbvird.http.scores import shown_score
from cbvird.http.work import done_for

MAX_PICTURES_IN_ORDER = 64

router = APIRouter(tags=["query"])

_BINARY = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"picture": {"type": "array", "items": _BINARY}}}
            }
        },
    }
}


class OrderedHitDocument(BaseModel):
    """A video that shows pictures in order; `pictures` has a result for each, null where it has no place."""

    rank: int
    video_id: str
    path: str
    score: float
    verdict: str
    reversed: bool
    pictures: list[HitDocument | None]

    @classmethod
    def of(cls, hit: OrderedHit) -> OrderedHitDocument:
        """Return the document of a hit."""
        return cls(
            rank=hit.rank,
            video_id=hit.video_id,
            path=shown(hit.path),
            score=shown_score(hit.probability),
            verdict=hit.verdict.value,
            reversed=hit.is_reversed,
            pictures=[None if one is None else HitDocument.of(one) for one in hit.hits],
        )


class OrderedAnswerDocument(BaseModel):
    """Which videos show pictures in their order, the most certain first."""

    verdict: str
    pictures: int
    results: list[OrderedHitDocument]


@router.post("/query/pictures", openapi_extra=_BODY)
async def query_pictures(
    request: Request,
    served: Served,
    top: Annotated[int | None, Query(ge=1, le=1000, description="largest number of videos")] = None,
    within: Annotated[list[str] | None, Query(alias="in", description="folders or videos")] = None,
) -> OrderedAnswerDocument:
    """Answer several pictures in order, the files of a form."""
    places = tuple(folder_or_video(text) for text in within or ())
    options = replace(served.search, top=top or served.search.top, within=places, wait_for_refine=False)
    pictures = await _pictures_of(request)
    found = await done_for(request, served.queries, partial(_search, served, pictures, options))
    best = found[0].verdict.value if found else "none"
    return OrderedAnswerDocument(
        verdict=best, pictures=len(pictures), results=[OrderedHitDocument.of(hit) for hit in found]
    )


async def _pictures_of(request: Request) -> list[bytes]:
    """Return the files of a form.  Raises BadRequest for none or too many."""
    async with request.form(max_files=MAX_PICTURES_IN_ORDER) as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        pictures = [await file.read() for file in files]
    if not pictures:
        raise BadRequest("the form carries no picture; send each as a file")
    return pictures


def _search(served: Context, pictures: list[bytes], options: SearchOptions) -> list[OrderedHit]:
    with served.event_bus.query_running(), QUERY_SECONDS.time():
        return served.library.search_in_order(pictures, options)
