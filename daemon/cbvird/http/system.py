"""The state of the service, and its events."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from cbvir_core.version import VERSION
from cbvird.http.context import Context, Served
from cbvird.http.documents import VideoDocument, shown
from cbvird.http.reports import IndexSummary, RootDocument, ServiceDocument, StatusDocument

router = APIRouter(tags=["service"])

EVENT_POLL_S = 0.2
"""Seconds between two looks of a stream for new events."""

EVENT_KEEP_ALIVE_S = 15.0
"""Seconds without an event after which a comment is sent, so that both sides notice a lost connection."""


@router.get("/status")
def status(served: Served) -> StatusDocument:
    """Return what the service knows and is doing."""
    scanning = served.tracker.scanning  # read first: then the rows below hold what a finished scan has found
    index = served.library.index_status()
    counts = served.library.counts()
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
        index=IndexSummary(generation=index.version, segments=index.segments, tail=index.tail),
        times_real_time=served.event_bus.times_real_time(),
        eta_s=served.catalog.eta_s(),
        notes=[*served.library.notes, *served.weights.notes()],
    )


@router.get("/events", response_class=StreamingResponse)
async def events(served: Served) -> StreamingResponse:
    """Stream server-sent events: ``video`` (its state changed), ``progress``, ``index``, ``models``,
    ``calibration`` (questions done and in all), ``duplicates`` (seconds of video done and in all)."""
    return StreamingResponse(_stream(served), media_type="text/event-stream")


async def _stream(served: Context) -> AsyncIterator[str]:
    with served.event_bus.subscribe() as subscription:
        yield ": cbvird\n\n"
        last_sent = time.monotonic()
        while not served.stop.is_set():
            for event in subscription.take():
                yield f"event: {event.kind}\ndata: {json.dumps(event.data)}\n\n"
                last_sent = time.monotonic()
            if time.monotonic() - last_sent >= EVENT_KEEP_ALIVE_S:
                yield ": still here\n\n"
                last_sent = time.monotonic()
            await asyncio.sleep(EVENT_POLL_S)
