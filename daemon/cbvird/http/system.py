"""The service at a glance, its events, and its health."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from cbvir_core.version import VERSION
from cbvird.http.documents import VideoDocument, shown
from cbvird.http.reports import IndexSummary, RootDocument, ServiceDocument, StatusDocument
from cbvird.http.serving import Served
from cbvird.runtime.context import Context

router = APIRouter(tags=["service"])

LOOK_S = 0.2
"""How often a stream of events looks for new ones."""

KEEP_ALIVE_S = 15.0
"""A comment is sent this often, so that both sides notice when the other is gone."""


@router.get("/status")
def status(served: Served) -> StatusDocument:
    """What the service knows and is doing."""
    scanning = served.tracker.scanning  # first: what a scan has found by now is in the rows below
    index = served.library.index.status()
    counts = served.library.store.counts()
    rows = served.catalog.videos()
    return StatusDocument(
        service=ServiceDocument(
            version=VERSION, pid=os.getpid(), uptime_s=round(time.monotonic() - served.started, 1)
        ),
        profile=served.library.profile,
        refining=served.library.refined,
        roots=[
            RootDocument(path=shown(root.path), state=root.state, watch=root.watch, reason=root.reason)
            for root in served.tracker.roots()
        ],
        videos=served.catalog.count(rows),
        working=[VideoDocument.of(row) for row in rows if row.state == "working"],
        scanning=scanning,
        keyframes=counts.keyframes,
        refined=counts.refined,
        index=IndexSummary(generation=index.generation, segments=index.segments, tail=index.tail),
        times_real_time=served.board.times_real_time(),
        eta_s=served.catalog.eta_s(),
        notes=[*served.library.notes, *served.weights.notes()],
    )


@router.get("/events", response_class=StreamingResponse)
async def events(served: Served) -> StreamingResponse:
    """Server-sent events: ``video`` (a state changed), ``progress``, ``index``, ``models``,
    ``calibration`` (questions done, and in all)."""
    return StreamingResponse(_stream(served), media_type="text/event-stream")


async def _stream(served: Context) -> AsyncIterator[str]:
    with served.board.listening() as listener:
        yield ": cbvird\n\n"
        spoke = time.monotonic()
        while not served.stop.is_set():
            for event in listener.take():
                yield f"event: {event.kind}\ndata: {json.dumps(event.data)}\n\n"
                spoke = time.monotonic()
            if time.monotonic() - spoke >= KEEP_ALIVE_S:
                yield ": still here\n\n"
                spoke = time.monotonic()
            await asyncio.sleep(LOOK_S)
