"""The open parts of a running service, as the routes see them."""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import dataclass

from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvird.board import Board
from cbvird.catalog import Catalog
from cbvird.jobs import Jobs
from cbvird.tracker import Tracker
from cbvird.weights import WeightFiles


@dataclass(frozen=True, slots=True)
class Context:
    """What a request may use.  `queries` is the pool that searches run in, `started` is monotonic."""

    library: Library
    jobs: Jobs
    tracker: Tracker
    catalog: Catalog
    board: Board
    search: SearchOptions
    weights: WeightFiles
    queries: Executor
    stop: threading.Event
    started: float
