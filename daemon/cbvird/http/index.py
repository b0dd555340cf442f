"""The index at work, and rebuilding it."""

from __future__ import annotations

from fastapi import APIRouter

from cbvird.http.reports import IndexDocument
from cbvird.http.serving import Served

router = APIRouter(prefix="/index", tags=["index"])


@router.get("")
def status(served: Served) -> IndexDocument:
    """Segments, tail, tombstones."""
    status = served.library.index.status()
    return IndexDocument(
        generation=status.generation,
        segments=status.segments,
        tail=status.tail,
        tombstones=status.tombstones,
        rows=status.rows,
    )


@router.post("/rebuild")
def rebuild(served: Served) -> IndexDocument:
    """Build the index anew from the store while queries go on; answers when it is done."""
    served.library.index.rebuild()
    served.board.publish("index", rebuilt=True)
    return status(served)
