"""The state of the service, and its events."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from cbvir_core.version import VERSION
from cbvir_shared.path_text import shown
from cbvird.http.context import Served
from cbvird.http.documents import VideoDocument
from cbvird.http.event_documents import described_events
from cbvird.http.reports import (
    IndexSummary,
    RootDocument,
    SandboxDocument,
    SelfTestDocument,
    ServiceDocument,
    StatusDocument,
)
from cbvird.runtime.data_folder import overlaps

router = APIRouter(tags=["service"])

EVENT_POLL_S = 0.2
"""Seconds between two looks of a stream for new events."""

RECONNECT_MS = 1000
"""Milliseconds after which a browser connects anew."""


@router.get("/status")
def status(served: Served) -> StatusDocument:
    """Return what the service knows and is doing."""
    scanning = served.tracker.scanning  # read first: then the rows below hold what a finished scan has found
    index = served.library.index_status()
    sandbox = served.pictures.sandbox
    counts, tested = served.library.counts(), served.self_test.result
    roots = served.tracker.roots()
    overlapping = map(shown, overlaps((root.path for root in roots), served.data_dir))
    return StatusDocument(
        service=ServiceDocument(
            version=VERSION,
            pid=os.getpid(),
            uptime_s=round(time.monotonic() - served.started, 1),
            sandbox=None if sandbox is None else SandboxDocument.model_validate(asdict(sandbox)),
        ),
        profile=served.library.profile,
        refining=served.library.refined,
        roots=[RootDocument.of(root) for root in roots],
        videos=served.catalog.counts(),
        working=[VideoDocument.of(row) for row in served.catalog.working()],
        scanning=scanning,
        keyframes=counts.keyframes,
        refined=counts.refined,
        index=IndexSummary(generation=index.version, segments=index.segments, tail=index.tail),
        times_real_time=served.event_bus.times_real_time(),
        eta_s=served.catalog.eta_s(),
        self_test=None if tested is None else SelfTestDocument.model_validate(asdict(tested)),
        notes=[*overlapping, *served.library.notes, *served.weights.notes()],
    )


@router.get("/events", response_class=EventSourceResponse, openapi_extra=described_events())
async def events(
    served: Served, last_event_id: Annotated[str | None, Header(description="of the last event seen")] = None
) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of the service as server-sent events.

    After ``Last-Event-ID`` what was missed comes first, or one event ``missed`` where that is not kept.
    """
    with served.event_bus.subscribe(last_event_id) as subscription:
        yield ServerSentEvent(comment="cbvird", retry=RECONNECT_MS)
        while not served.stop.is_set():
            for event in subscription.take():
                data = {key: shown(one) if isinstance(one, str) else one for key, one in event.data.items()}
                yield ServerSentEvent(event=event.kind, data=data, id=served.event_bus.id_of(event))
            await asyncio.sleep(EVENT_POLL_S)
