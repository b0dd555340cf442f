"""Pictures of a video at a time: one frame, and rows of thumbnails."""

from __future__ import annotations

import asyncio
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from cbvir_core.decode import encode_still
from cbvir_core.errors import BadRequest
from cbvir_core.library import PictureSource
from cbvird.http.context import Served
from cbvird.http.documents import VideoSeconds
from cbvird.http.etags import picture_answer
from cbvird.http.keyframes import JPEG

router = APIRouter(tags=["media"])

FRAME_WIDTH = 960
STRIP_WIDTH = 128
"""Pixels of a picture of a strip unless told otherwise: the longer side of a stored thumbnail."""

MAX_STRIP_PICTURES = 64
STRIP_KEPT_FOR_S = 60
"""Seconds that a browser may use a strip without a question: a video that is being read gets more of them."""


@router.head("/videos/{video_id}/frame.jpg", include_in_schema=False)
@router.get("/videos/{video_id}/frame.jpg", response_class=Response, responses=JPEG)
async def frame(
    request: Request,
    served: Served,
    video_id: str,
    time_s: Annotated[VideoSeconds, Query(alias="t", description="seconds from the start of the video")],
    width: Annotated[
        int, Query(alias="w", ge=16, le=1920, description="largest width in pixels")
    ] = FRAME_WIDTH,
) -> Response:
    """Return the frame that a player shows at a time, never enlarged.

    `X-Cbvir-Source` says what it is: ``frame``, or for an offline file ``thumbnail`` (grey and small) or
    ``still``.  `X-Cbvir-Time` is the time that it shows, in seconds.
    """
    loop = asyncio.get_running_loop()
    library = served.library
    shown = await loop.run_in_executor(served.picture_pool, library.pictures.frame, video_id, time_s, width)
    headers = {"x-cbvir-source": shown.source.value, "x-cbvir-time": f"{shown.time_s:.3f}"}
    if shown.source is not PictureSource.FRAME:  # the file may be back the next time
        headers["cache-control"] = "private, no-cache"
    return picture_answer(encode_still(shown.image), request, headers)


@router.head("/videos/{video_id}/strip.jpg", include_in_schema=False)
@router.get("/videos/{video_id}/strip.jpg", response_class=Response, responses=JPEG)
async def strip(
    request: Request,
    served: Served,
    video_id: str,
    start_s: Annotated[VideoSeconds, Query(description="time of the first picture, seconds")],
    end_s: Annotated[VideoSeconds, Query(description="time of the last picture, seconds")],
    count: Annotated[int, Query(ge=1, le=MAX_STRIP_PICTURES, description="number of pictures")] = 8,
    width: Annotated[
        int, Query(alias="w", ge=16, le=320, description="width of each picture in pixels")
    ] = STRIP_WIDTH,
) -> Response:
    """Return thumbnails at even distances side by side; no file is read, so offline ones are shown too.

    `X-Cbvir-Times` has the time of each, in seconds.
    """
    if end_s < start_s:
        raise BadRequest("end_s should not be before start_s")
    times_s = [float(time_s) for time_s in np.linspace(start_s, end_s, count)]
    loop = asyncio.get_running_loop()
    library = served.library
    shown = await loop.run_in_executor(served.picture_pool, library.pictures.strip, video_id, times_s, width)
    headers = {
        "x-cbvir-times": ",".join(f"{time_s:.3f}" for time_s in shown.times_s),
        "cache-control": f"private, max-age={STRIP_KEPT_FOR_S}",
    }
    return picture_answer(encode_still(shown.image), request, headers)
