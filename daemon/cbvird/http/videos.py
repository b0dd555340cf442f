"""Videos and errors: listing, forgetting, retrying and rescanning."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from cbvir_core.errors import BadRequest, VideoBusy
from cbvir_core.types import VideoId
from cbvir_shared.path_text import path_of, shown
from cbvird.http.context import Context, Served
from cbvird.http.documents import (
    ErrorsDocument,
    KeyframeDocument,
    KeyframesDocument,
    ProblemDocument,
    VideoDetailsDocument,
    VideoDocument,
    VideosDocument,
)
from cbvird.http.reports import CountDocument, ForgottenDocument, ScanDocument
from cbvird.http.roles import ADMINISTRATIVE
from cbvird.ingest.entries import ROOT, VideoEntry
from cbvird.ingest.forgetting import forget_video
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.listing import VideoFilter, VideoOrder

router = APIRouter(tags=["videos"])

VideoState = Literal["waiting", "working", "indexed", "partial", "failed", "offline"]

URL_CHARACTERS = b"-_"
PATH_ORDERS = (VideoOrder.PATH, VideoOrder.PATH_DOWN)

VideoParameter = Annotated[str | None, Query(description="a path, or the beginning of an id")]


@router.get("/videos")
def videos(
    served: Served,
    video: VideoParameter = None,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="videos of a page; all without it")] = None,
    offset: Annotated[int, Query(ge=0, description="videos that are left out")] = 0,
    state: Annotated[list[VideoState] | None, Query(description="only videos in these states")] = None,
    under: Annotated[str | None, Query(description="only videos in this folder")] = None,
    name: Annotated[str, Query(max_length=255, description="only files with this in their names")] = "",
    sort: Annotated[VideoOrder, Query(description="with a - downwards")] = VideoOrder.PATH,
    after: Annotated[str | None, Query(description="what the page before said as `next`")] = None,
) -> VideosDocument:
    """Return every known video, or the one that a path or unique id prefix names, or a page of the list.

    Pages by path, of all videos or of a folder, that follow each other by `next` are read as they are asked
    for.  The list of which others are taken may be some seconds old where it is long.
    """
    if limit is not None:
        wanted = VideoFilter(frozenset(state or ()), None if under is None else Path(path_of(under)), name)
        if wanted.is_plain and sort in PATH_ORDERS and not offset:
            down = sort is VideoOrder.PATH_DOWN
            return _page_by_path(served, wanted.under or ROOT, limit, after, down=down)
        if after is not None:
            raise BadRequest("after wants the order of paths, and no offset, state or name")
        page = served.listing.page(wanted, sort, offset, limit)
        return VideosDocument(videos=[VideoDocument.of(row) for row in page.videos], total=page.total)
    if offset or state or under or name or after or sort is not VideoOrder.PATH:
        raise BadRequest("offset, after, state, under, name and sort want a limit too")
    rows = served.catalog.videos() if video is None else [served.catalog.find(path_of(video))]
    return VideosDocument(videos=[VideoDocument.of(row) for row in rows], total=len(rows))


def _page_by_path(
    served: Context, under: Path, limit: int, after: str | None, *, down: bool
) -> VideosDocument:
    passed = None if after is None else _path_of_next(after)
    page = served.catalog.page(limit, passed, under=under, down=down)
    is_last = len(page.videos) < limit
    further = None if is_last else _next_of_path(page.videos[-1].path)
    documents = [VideoDocument.of(row) for row in page.videos]
    return VideosDocument(videos=documents, total=page.total, next=further)


def _next_of_path(path: Path) -> str:
    """Return a path in base64: a name of a file may hold bytes that the text of a request cannot."""
    return b64encode(os.fsencode(path), URL_CHARACTERS).decode("ascii")


def _path_of_next(after: str) -> Path:
    try:
        path = Path(os.fsdecode(b64decode(after, URL_CHARACTERS, validate=True)))
    except ValueError:
        path = Path()
    if not path.is_absolute():
        raise BadRequest("after is not what a page said as next")
    return path


@router.get("/videos/{video_id}")
def one(served: Served, video_id: str) -> VideoDetailsDocument:
    """Return one video, with what its file says of itself."""
    document = VideoDetailsDocument.of(served.catalog.find(video_id))
    record = None if document.video_id is None else served.library.video(VideoId(document.video_id))
    if record is None:
        return document
    return document.with_details(record, served.library.pictures.info(record.video_id))


@router.get("/videos/{video_id}/keyframes")
def keyframes(served: Served, video_id: str) -> KeyframesDocument:
    """Return a video's keyframes in order of time; also while it is still being taken in."""
    rows = served.library.keyframes(served.library.find(video_id).video_id)
    return KeyframesDocument(
        keyframes=[
            KeyframeDocument(
                keyframe_id=str(row.keyframe_id),
                time_s=row.time_s,
                scene_start_s=row.scene_start_s,
                scene_end_s=row.scene_end_s,
                quality=row.quality,
            )
            for row in rows
        ]
    )


@router.delete("/videos", dependencies=[ADMINISTRATIVE])
def forget_named(
    served: Served, video: Annotated[str, Query(description="a path, or the beginning of an id")]
) -> ForgottenDocument:
    """Remove what is known of a video or of a failed file; only a retry takes the file in again."""
    return _forget(served, served.catalog.find(path_of(video)))


@router.delete("/videos/{video_id}", dependencies=[ADMINISTRATIVE])
def forget(served: Served, video_id: str) -> ForgottenDocument:
    """Remove what is known of a video, by its id."""
    return _forget(served, served.catalog.find(video_id))


def _forget(served: Context, video: VideoEntry) -> ForgottenDocument:
    jobs = [job for job in map(served.jobs.get, video.paths) if job is not None]
    if any(job.state is JobState.WORKING for job in jobs) or not (jobs or video.video_id):
        raise VideoBusy("is being read or written right now; forget it when that is over", path=video.path)
    forget_video(served.library, served.jobs, video.video_id, jobs)
    served.event_bus.publish("video", video_id=video.video_id, path=str(video.path), state="forgotten")
    return ForgottenDocument(video_id=video.video_id, paths=[shown(path) for path in video.paths])


@router.get("/errors")
def errors(served: Served) -> ErrorsDocument:
    """Return every file that is not, or only partly, searchable, and why."""
    return ErrorsDocument(errors=[ProblemDocument.of(problem) for problem in served.catalog.problems()])


@router.post("/retry", dependencies=[ADMINISTRATIVE])
def retry(served: Served, video: VideoParameter = None) -> CountDocument:
    """Try failed files again now: all of them, or the one that is named; that may be a partial one too."""
    if video is None:
        paths = [job.path for job in served.jobs.unfinished() if not job.is_forgotten]
    elif served.jobs.get(path := Path(path_of(video))) is not None:
        paths = [path]
    elif named := _forgotten_as(served, path):
        paths = [named]
    else:
        paths = list(served.library.find(path_of(video)).paths)
    count = sum(served.jobs.retry(path) for path in paths)
    if video is not None and not count:
        row = served.catalog.find(path_of(video))
        count = row.state == "partial" and served.jobs.read_anew(row.path)
    return CountDocument(count=count)


def _forgotten_as(served: Context, name: Path) -> Path | None:
    """Return the forgotten file of this name: no list shows it, so this is how a name finds it.

    Raises BadRequest where several have the name.
    """
    files = served.jobs.forgotten() if len(name.parts) == 1 else []
    paths = [job.path for job in files if job.path.name.casefold() == name.name.casefold()]
    if len(paths) > 1:
        raise BadRequest(f"{len(paths)} forgotten files have this name, {shown(paths[0])} first; give a path")
    return paths[0] if paths else None


@router.post("/rescan")
def rescan(served: Served) -> ScanDocument:
    """Scan every watched folder now."""
    served.tracker.rescan()
    return ScanDocument(scanning=True)
