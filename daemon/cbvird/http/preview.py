"""Pictures that browsers do not show, HEIC and TIFF, as JPEG."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from cbvir_core.decode import encode_still
from cbvird.http.body import picture_of
from cbvird.http.context import Served
from cbvird.http.keyframes import JPEG
from cbvird.http.query import PICTURE_BODY

router = APIRouter(tags=["query"])


@router.post("/pictures/preview", openapi_extra=PICTURE_BODY, response_class=Response, responses=JPEG)
async def preview(request: Request, served: Served) -> Response:
    """Return the picture as JPEG, upright and of the size in whose pixels a region is given."""
    picture = await picture_of(request)
    loop = asyncio.get_running_loop()
    data = await loop.run_in_executor(
        served.picture_pool, lambda: encode_still(served.library.read_picture(picture))
    )
    return Response(data, media_type="image/jpeg")
