"""The state of the index, and rebuilding it."""

from __future__ import annotations

from fastapi import APIRouter

from cbvird.http.context import Served
from cbvird.http.reports import IndexDocument

router = APIRouter(prefix="/index", tags=["index"])


@router.get("")
def status(served: Served) -> IndexDocument:
    """Return segments, tail, tombstones and rows."""
    status = served.library.index_status()
    return IndexDocument(
        generation=status.version,
        segments=status.segments,
        tail=status.tail,
        tombstones=status.tombstones,
        rows=status.rows,
    )


@router.post("/rebuild")
def rebuild(served: Served) -> IndexDocument:
    """Build the index anew from the store while queries go on; answer when it is done."""
    served.library.rebuild_index()
    served.event_bus.publish("index", rebuilt=True)
    return status(served)
