"""The library compared with itself: starting that, how far it is, stopping it, and what was found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cbvir_core.library import MIN_DUPLICATE_S
from cbvird.http.context import Served
from cbvird.http.duplicate_documents import ComparisonDocument, DuplicateGroupsDocument
from cbvird.http.query import folder_or_video

router = APIRouter(prefix="/duplicates", tags=["duplicates"])

GROUPS_OF_PAGE = 100
"""Groups of one page unless told otherwise."""

Places = Annotated[list[str] | None, Query(alias="in", description="folders or videos")]


@router.post("")
def start(served: Served, within: Places = None) -> ComparisonDocument:
    """Begin to compare videos with each other, those that have not been yet, in the background.

    Where a comparison runs already, it goes on, and this tells how it stands.
    """
    served.duplicates.start([folder_or_video(text) for text in within or ()])
    return ComparisonDocument.of(served.duplicates.state())


@router.get("")
def state(served: Served) -> ComparisonDocument:
    """Return how far the comparison is, or the last one was."""
    return ComparisonDocument.of(served.duplicates.state())


@router.delete("")
def halt(served: Served) -> ComparisonDocument:
    """End the comparison that runs; what it found stays, and the next one goes on from there."""
    served.duplicates.halt()
    return ComparisonDocument.of(served.duplicates.state())


@router.get("/groups")
def groups(
    served: Served,
    within: Places = None,
    min_seconds: Annotated[
        float,
        Query(ge=0, allow_inf_nan=False, description="seconds of the shortest segment that is told of"),
    ] = MIN_DUPLICATE_S,
    offset: Annotated[int, Query(ge=0, description="groups that are left out")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="groups of a page")] = GROUPS_OF_PAGE,
) -> DuplicateGroupsDocument:
    """Return a page of what videos are known to share, by kind and the longest first."""
    places = [folder_or_video(text) for text in within or ()]
    found = served.library.duplicates.groups(places, min_seconds)
    return DuplicateGroupsDocument.of(found, offset, limit, served.library)
