"""The stills of keyframes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cbvir_core.decode import decode_still, encode_still, fit_within
from cbvir_core.errors import UnknownVideo
from cbvir_core.types import KeyframeId
from cbvird.http.context import Served
from cbvird.http.etags import KEPT_FOR_S, is_known, tag_of

router = APIRouter(tags=["keyframes"])

JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
"""The answer of a route that gives a JPEG, for its description."""


@router.head("/keyframes/{keyframe_id}.jpg", include_in_schema=False)
@router.get("/keyframes/{keyframe_id}.jpg", response_class=Response, responses=JPEG)
def still(
    request: Request,
    served: Served,
    keyframe_id: str,
    side: Annotated[int | None, Query(ge=16, le=512, description="longest side in pixels")] = None,
    width: Annotated[
        int | None, Query(alias="w", ge=16, le=512, description="largest width in pixels")
    ] = None,
) -> Response:
    """Return the still of a keyframe, shrunk to a longest side or a width where that is given."""
    data = served.library.still(parsed(keyframe_id))
    tag = tag_of(data, side, width)
    headers = {"etag": tag, "cache-control": f"private, max-age={KEPT_FOR_S}"}
    if is_known(tag, request):
        return Response(status_code=304, headers=headers)
    if data and (side is not None or width is not None):
        picture = decode_still(data)
        height, wide = picture.shape[:2]
        sides = [side or max(height, wide), round((width or wide) * max(1.0, height / wide))]
        data = encode_still(fit_within(picture, min(sides)))
    return Response(data, media_type="image/jpeg", headers=headers)


def parsed(keyframe_id: str) -> KeyframeId:
    """Return the id of a keyframe.  Raises UnknownVideo for a text that is none."""
    try:
        return KeyframeId.parse(keyframe_id)
    except ValueError as error:
        raise UnknownVideo(str(error)) from None
