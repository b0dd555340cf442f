"""Videos that are sent into watched folders which the configuration allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from cbvir_core.errors import VideoOffline
from cbvir_shared.path_text import path_of, shown
from cbvird.http.context import Served
from cbvird.http.roles import ADMINISTRATIVE
from cbvird.ingest.upload_folders import UploadFolders

router = APIRouter(prefix="/uploads", tags=["uploads"])


class UploadFoldersDocument(BaseModel):
    """The folders that take uploads, and the bytes of the largest one."""

    folders: list[str]
    max_bytes: int


class NewVideoDocument(BaseModel):
    """A file that was sent; it is taken in like any other one."""

    path: str
    size_bytes: int


@router.get("")
def folders(served: Served) -> UploadFoldersDocument:
    """Return the folders that take uploads; none unless the configuration names them."""
    taking = served.upload_folders
    return UploadFoldersDocument(folders=[shown(one) for one in taking.folders], max_bytes=taking.max_bytes)


@router.put("/{name}", status_code=201, dependencies=[ADMINISTRATIVE])
async def upload(
    request: Request,
    served: Served,
    name: str,
    root: Annotated[str, Query(description="one of the folders that take uploads")],
) -> NewVideoDocument:
    """Take a video as the raw body.  Status 409 if the file exists.

    The file has a hidden name until all of it is there.
    """
    taking = served.upload_folders
    target = await run_in_threadpool(taking.target, Path(path_of(root)), name)
    if not (target.parent.is_dir() and served.tracker.is_there(target.parent)):
        raise VideoOffline("is offline; connect its disk and try again", path=target.parent)
    announced = request.headers.get("content-length", "")
    await run_in_threadpool(taking.check_size, target, int(announced) if announced.isdigit() else 0)
    with ExitStack() as stack:
        temporary = stack.enter_context(taking.receiving(target))
        size = await _save(request.stream(), temporary, taking, target)
        await run_in_threadpool(stack.close)  # waits for the disk
    return NewVideoDocument(path=shown(target), size_bytes=size)


async def _save(chunks: AsyncIterator[bytes], temporary: Path, taking: UploadFolders, target: Path) -> int:
    size = 0
    with temporary.open("xb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > taking.max_bytes:
                taking.check_size(target, size)
            await run_in_threadpool(file.write, chunk)
    return size
