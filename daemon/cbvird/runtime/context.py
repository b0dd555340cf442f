"""The open parts of a running service, as the routes see them."""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import dataclass

from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.events import EventBus
from cbvird.runtime.weight_files import WeightFiles


@dataclass(frozen=True, slots=True)
class Context:
    """What a request may use.  `queries` is the pool that searches run in, `started` is monotonic."""

    library: Library
    jobs: Jobs
    tracker: Tracker
    catalog: Catalog
    board: EventBus
    search: SearchOptions
    weights: WeightFiles
    queries: Executor
    stop: threading.Event
    started: float
