"""A keyframe compared: with a picture, point by point, and with all the other videos."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from cbvir_core.search import FrameAgreement
from cbvird.http.body import picture_of
from cbvird.http.context import Served
from cbvird.http.documents import AnswerDocument, VideoSeconds
from cbvird.http.keyframes import parsed
from cbvird.http.query import PICTURE_BODY, RegionParameter, folder_or_video, region_of, searched
from cbvird.http.work import done_for

router = APIRouter(tags=["keyframes"])


class SizeDocument(BaseModel):
    """The size of a picture in pixels."""

    width: int
    height: int


class FrameSizeDocument(SizeDocument):
    """The size of a frame, and its time; `is_still` says that the still of a keyframe stands for it."""

    time_s: float
    is_still: bool


class AgreementDocument(BaseModel):
    """In what a picture and a frame agree: see `cbvir_core.search.FrameAgreement`.

    `region` has the corners of the picture in the frame, `points` x and y in the picture and x and y in the
    frame.  `reason` says why that is not enough for a match; it is empty where it is.
    """

    question: SizeDocument
    frame: FrameSizeDocument
    region: list[tuple[float, float]] | None
    points: list[tuple[float, float, float, float]]
    reason: str

    @classmethod
    def of(cls, found: FrameAgreement) -> AgreementDocument:
        """Return the document of an agreement; coordinates to a tenth of a pixel."""
        corners = None if found.corners is None else found.corners.round(1).tolist()
        return cls(
            question=SizeDocument(width=found.query_size[0], height=found.query_size[1]),
            frame=FrameSizeDocument(
                width=found.frame_size[0],
                height=found.frame_size[1],
                time_s=found.time_s,
                is_still=found.is_still,
            ),
            region=corners,
            points=found.lines.astype(float).round(1).tolist(),
            reason=" ".join(found.reasons),
        )


@router.post("/keyframes/{keyframe_id}/agreement", openapi_extra=PICTURE_BODY)
async def agreement(
    request: Request,
    served: Served,
    keyframe_id: str,
    time_s: Annotated[
        VideoSeconds | None, Query(description="the result's time, whose frame is compared")
    ] = None,
    region: RegionParameter = None,
) -> AgreementDocument:
    """Return where a picture and the frame at a time agree; the keyframe's still without a time."""
    wanted = parsed(keyframe_id)
    picture = await picture_of(request)
    compare = partial(served.library.agreement, picture, wanted, time_s=time_s, region=region_of(region))
    return AgreementDocument.of(await done_for(request, served.queries, compare))


@router.get("/keyframes/{keyframe_id}/elsewhere")
async def elsewhere(
    request: Request,
    served: Served,
    keyframe_id: str,
    top: Annotated[int | None, Query(ge=1, le=1000, description="largest number of scenes")] = None,
    within: Annotated[list[str] | None, Query(alias="in", description="folders or videos")] = None,
) -> AnswerDocument:
    """Return where else a keyframe appears: the answer to its still, without its own video."""
    wanted = parsed(keyframe_id)
    options = replace(
        served.search,
        top=top or served.search.top,
        within=tuple(folder_or_video(text) for text in within or ()),
        without=frozenset({wanted.video}),
        wait_for_refine=False,
    )
    still = served.library.still(wanted)
    search = partial(searched, served, still, options)
    return AnswerDocument.of(await done_for(request, served.queries, search))
