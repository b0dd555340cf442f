"""The open parts of a running service, and how a route gets them."""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvird.http.bench_documents import BenchDocument
from cbvird.http.reports import CalibrationDocument
from cbvird.http.weight_files import WeightFiles
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.listing import VideoListing
from cbvird.ingest.tracker import Tracker
from cbvird.ingest.upload_folders import UploadFolders
from cbvird.runtime.duplicates import DuplicateJob
from cbvird.runtime.event_bus import EventBus
from cbvird.runtime.page_access import PageAccess
from cbvird.runtime.self_test import SelfTest
from cbvird.runtime.tasks import Task
from cbvird.worker.excerpts import ExcerptFiles
from cbvird.worker.pictures import PictureProcesses


@dataclass(frozen=True, slots=True)
class Context:
    """What a request may use.

    `queries` is the pool of threads that searches run in, `picture_pool` that of pictures for people and
    `excerpt_pool` that of short parts of videos, `excerpts`.  `uploads` is a folder for bodies while they are
    used, `upload_folders` are those that take videos.  `started` is the time of the start by the monotonic
    clock.  `pictures` are the processes that read query pictures.  `page` is None where no page is served.
    """

    library: Library
    jobs: Jobs
    tracker: Tracker
    catalog: Catalog
    listing: VideoListing
    event_bus: EventBus
    duplicates: DuplicateJob
    bench: Task[BenchDocument]
    calibration: Task[CalibrationDocument]
    self_test: SelfTest
    search: SearchOptions
    weights: WeightFiles
    queries: Executor
    picture_pool: Executor
    excerpt_pool: Executor
    excerpts: ExcerptFiles
    data_dir: Path
    uploads: Path
    stop: threading.Event
    started: float
    upload_folders: UploadFolders
    pictures: PictureProcesses
    page: PageAccess | None = None


async def context_of(request: Request) -> Context:
    """Return the context that `cbvird.http.build` put into the application."""
    context: Context = request.app.state.context
    return context


Served = Annotated[Context, Depends(context_of)]
"""The type of a route's parameter that FastAPI fills with the context."""
