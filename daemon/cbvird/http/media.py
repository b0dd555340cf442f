"""Videos as they are played: the file itself, and short parts that every browser plays."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from cbvir_core.decode import MAX_EXCERPT_S
from cbvir_core.errors import BadRequest, FileChanged
from cbvird.http.context import Context, Served
from cbvird.http.documents import VideoSeconds

router = APIRouter(tags=["media"])

EXCERPT_SIDE = 960
"""Longest side in pixels of a part that is made on the fly, unless told otherwise."""

# fmt: off
MEDIA_TYPES_OF_VIDEOS = {
    "3g2": "video/3gpp2", "3gp": "video/3gpp", "avi": "video/x-msvideo", "flv": "video/x-flv",
    "m2ts": "video/mp2t", "m4v": "video/mp4", "mkv": "video/x-matroska", "mov": "video/quicktime",
    "mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg", "mts": "video/mp2t", "ogm": "video/ogg",
    "ogv": "video/ogg", "ts": "video/mp2t", "webm": "video/webm", "wmv": "video/x-ms-wmv",
}
# fmt: on
"""Media types by suffix.  A file of any other name is sent as bytes that no browser shows or runs."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MEDIA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/*": _BINARY}},
    206: {"description": "A part of the file", "content": {"video/*": _BINARY}},
    416: {"description": "The range lies outside the file"},
}
_MP4: dict[int | str, dict[str, Any]] = {200: {"content": {"video/mp4": _BINARY}}}

Seconds = Annotated[VideoSeconds, Query(description="seconds from the start of the video")]


@router.head("/videos/{video_id}/media", include_in_schema=False)
@router.get("/videos/{video_id}/media", response_class=FileResponse, responses=_MEDIA)
def media(served: Served, video_id: str) -> FileResponse:
    """Return the file of a video, or the ranges of bytes that are wanted.  Status 409 if it is offline."""
    path = served.library.pictures.file(video_id)
    kind = MEDIA_TYPES_OF_VIDEOS.get(path.suffix.lower().lstrip("."), "application/octet-stream")
    name = path.name.encode("utf-8", "replace").decode()
    return FileResponse(
        path,
        media_type=kind,
        filename=name,
        content_disposition_type="inline",
        headers={"cache-control": "private, no-cache"},
    )


def _made(served: Context, video: str, start_s: float, end_s: float, side: int) -> Path:
    path = served.library.pictures.file(video)
    info = served.library.pictures.info(video)
    if info is None:
        raise FileChanged("is not the file that was read; wait until it is read anew", path=path)
    return served.excerpts.get(info.video_id, path, start_s, end_s, side)


@router.head("/videos/{video_id}/clip.mp4", include_in_schema=False)
@router.get("/videos/{video_id}/clip.mp4", response_class=FileResponse, responses=_MP4)
async def clip(
    served: Served,
    video_id: str,
    start_s: Seconds,
    end_s: Seconds,
    side: Annotated[int, Query(ge=64, le=1920, description="longest side in pixels")] = EXCERPT_SIDE,
) -> FileResponse:
    """Return a part of a video as MP4 (H.264, and AAC if there is sound), made now if it is not there yet.

    Status 409 if the file is offline, 503 if too many parts are being made.
    """
    if not 0 < end_s - start_s <= MAX_EXCERPT_S:
        raise BadRequest(f"start_s to end_s should be more than 0 and at most {MAX_EXCERPT_S:g} seconds")
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(served.excerpt_pool, _made, served, video_id, start_s, end_s, side)
    return FileResponse(made, media_type="video/mp4", headers={"cache-control": "private, no-cache"})
