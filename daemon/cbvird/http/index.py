"""The state of the index, and rebuilding it."""

from __future__ import annotations

from fastapi import APIRouter

from cbvird.http.context import Served
from cbvird.http.reports import IndexDocument, IndexFigures
from cbvird.http.roles import ADMINISTRATIVE

router = APIRouter(prefix="/index", tags=["index"])


@router.get("")
def status(served: Served) -> IndexDocument:
    """Return segments, tail, tombstones and rows."""
    document = IndexDocument.of(served.library.index_status())
    frames = served.library.frame_index_status()
    document.frames = None if frames is None else IndexFigures.of(frames)
    return document


@router.post("/rebuild", dependencies=[ADMINISTRATIVE])
def rebuild(served: Served) -> IndexDocument:
    """Build both indices anew from the store while queries go on; answer when it is done."""
    served.library.rebuild_index()
    served.event_bus.publish("index", rebuilt=True)
    return status(served)
