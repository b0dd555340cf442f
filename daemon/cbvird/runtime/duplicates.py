"""The comparison of the library with itself, in the background: it is started, told of and stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from cbvir_core.duplicates import ComparisonProgress
from cbvir_core.errors import CbvirError
from cbvir_core.library import Library
from cbvird.runtime.event_bus import EventBus
from cbvird.runtime.maintenance import BACKFILL_AFTER_QUERY_S

LOG = structlog.get_logger(__name__)

COMPARISON_POLL_S = 0.1
"""Seconds between two looks whether queries still run."""

COMPARISON_EVENT_S = 1.0
"""Seconds between two events about progress."""


class ComparisonStopped(Exception):
    """Steers out of a comparison that somebody stopped; never leaves this module."""


@dataclass(frozen=True, slots=True)
class ComparisonState:
    """How a comparison stands: the one that runs, or the last one.

    - `eta_s`: seconds to go at the speed so far; None where it does not run or nothing is done yet.
    - `error`: why the last one ended early; empty where it did not.
    """

    running: bool
    progress: ComparisonProgress
    eta_s: float | None
    error: str


class DuplicateJob:
    """Compares videos in a thread of low priority, between queries.  Thread-safe."""

    def __init__(self, library: Library, event_bus: EventBus) -> None:
        self._library, self._event_bus = library, event_bus
        self._lock = threading.Lock()
        self._wanted, self._halt = threading.Event(), threading.Event()
        self._within: tuple[Path | str, ...] = ()
        self._progress, self._error = ComparisonProgress(), ""
        self._begun = self._published = 0.0

    def start(self, within: Sequence[Path | str] = ()) -> None:
        """Begin to compare all videos, or those in folders; go on where one runs already.

        Raises UnknownVideo for a folder that names no video.
        """
        self._library.duplicates.named(within)
        with self._lock:
            if self._wanted.is_set():
                return
            self._within, self._progress, self._error = tuple(within), ComparisonProgress(), ""
            self._begun = time.monotonic()
            self._halt.clear()
            self._wanted.set()

    def halt(self) -> None:
        """End the comparison that runs after its next step; what it found stays."""
        self._halt.set()

    def state(self) -> ComparisonState:
        """Return how it stands."""
        with self._lock:
            running, progress, error = self._wanted.is_set(), self._progress, self._error
            spent_s = time.monotonic() - self._begun
        eta_s = None
        if running and progress.done_s > 0:
            eta_s = spent_s * max(0.0, progress.total_s - progress.done_s) / progress.done_s
        return ComparisonState(running, progress, eta_s, error)

    def run(self, stop: threading.Event) -> None:
        """Compare whenever that is wanted, until `stop` is set; the body of a thread."""
        while not stop.is_set():
            if self._wanted.wait(COMPARISON_POLL_S):
                self._compare(stop)

    def _compare(self, stop: threading.Event) -> None:
        def listen(progress: ComparisonProgress) -> None:
            self._tell(progress)
            while not (stop.is_set() or self._halt.is_set()):
                if self._event_bus.no_query_for(BACKFILL_AFTER_QUERY_S):
                    return
                self._halt.wait(COMPARISON_POLL_S)
            raise ComparisonStopped

        error = ""
        try:
            self._tell(self._library.duplicates.compare(self._within, listen))
        except ComparisonStopped:
            error = "stopped"
        except CbvirError as failure:
            LOG.warning("comparison failed", code=failure.code, reason=str(failure))
            error = str(failure)
        with self._lock:
            self._error = error
            self._wanted.clear()
        self._publish()

    def _tell(self, progress: ComparisonProgress) -> None:
        with self._lock:
            self._progress = progress
            due = time.monotonic() - self._published >= COMPARISON_EVENT_S
            if due:
                self._published = time.monotonic()
        if due:
            self._publish()

    def _publish(self) -> None:
        state = self.state()
        self._event_bus.publish(
            "duplicates",
            running=state.running,
            done_s=round(state.progress.done_s, 1),
            total_s=round(state.progress.total_s, 1),
        )
