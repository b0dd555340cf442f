"""The folders that hold videos, as a tree that is opened level by level."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from cbvir_shared.path_text import path_of, shown
from cbvird.http.context import Served
from cbvird.ingest.entries import FolderEntry

router = APIRouter(tags=["videos"])


class FolderDocument(BaseModel):
    """A folder, and how many videos are in it or in folders inside it."""

    path: str
    name: str
    videos: int

    @classmethod
    def of(cls, folder: FolderEntry) -> FolderDocument:
        """Return the document of a folder."""
        return cls(path=shown(folder.path), name=shown(folder.path.name), videos=folder.videos)


class FoldersDocument(BaseModel):
    """Folders of one level, by name."""

    folders: list[FolderDocument]


@router.get("/folders")
def folders(
    served: Served,
    under: Annotated[str | None, Query(description="a folder; without it the watched folders")] = None,
) -> FoldersDocument:
    """Return the watched folders, or the folders directly in one, as far as they hold known videos."""
    if under is not None:
        found = served.catalog.folders(Path(path_of(under)))
    else:
        roots = [root.path for root in served.tracker.roots() if root.within is None]
        found = [FolderEntry(root, served.catalog.count(root)) for root in roots]
    return FoldersDocument(folders=[FolderDocument.of(folder) for folder in found])
