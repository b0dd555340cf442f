"""Live progress and events of the service, for whoever subscribes."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbvir_core.types import VideoId

SUBSCRIPTION_BACKLOG_EVENTS = 1000
"""Events that a subscription holds; a subscriber that lags further behind misses the oldest."""


LIST_KINDS = frozenset({"video", "root"})
"""Events after which the list of videos is another one."""


@dataclass(slots=True)
class FileProgress:
    """How far a file that is being decoded is.  `started` is a time of the monotonic clock.

    A file that grows is not decoded `at_full_speed`, and says nothing of the speed.
    """

    path: Path
    started: float
    video_id: VideoId | None = None
    duration_s: float | None = None
    position_s: float = 0.0
    damaged: int = 0
    keyframes: int = 0
    size_bytes: int = 0
    at_full_speed: bool = True

    @property
    def bytes_left(self) -> float:
        """Bytes that are still to be read, if the bit rate is constant."""
        return self.size_bytes * (1.0 - (self.per_cent or 0.0) / 100.0)

    @property
    def per_cent(self) -> float | None:
        """How much of the file is decoded; None where the file does not tell its duration."""
        if not self.duration_s:
            return None
        return round(min(100.0, 100.0 * self.position_s / self.duration_s), 1)

    def eta_s(self, now: float) -> float | None:
        """Return the seconds to go at the speed so far; None before there is a speed."""
        if not self.duration_s or self.position_s <= 0:
            return None
        times_real_time = self.position_s / max(now - self.started, 1e-3)
        return round(max(0.0, self.duration_s - self.position_s) / times_real_time, 1)


PROGRESS_KIND = "progress"
"""Events that say nothing any more once the next one has come."""

MISSED_KIND = "missed"
"""The event in place of those that a subscriber has missed and that are not kept: anything may be new."""


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """A change; `kind` is ``video``, ``root``, ``progress``, ``index``, ``models``, ``duplicates`` or
    ``missed``.  `number` counts the events of this run of the service."""

    kind: str
    data: dict[str, Any]
    number: int = 0


@dataclass(slots=True, eq=False)
class Subscription:
    """The events of one subscriber; it never makes a publisher wait."""

    _events: deque[ServiceEvent] = field(default_factory=lambda: deque(maxlen=SUBSCRIPTION_BACKLOG_EVENTS))

    def take(self) -> list[ServiceEvent]:
        """Return the events since the last call."""
        taken = []
        while self._events:
            taken.append(self._events.popleft())
        return taken

    def add(self, event: ServiceEvent) -> None:
        """Add an event; the oldest one falls out when the subscriber is too slow."""
        self._events.append(event)


class EventBus:
    """Progress of each file, the speed of all together, events, and whether queries run.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_progress: dict[Path, FileProgress] = {}
        self._subscriptions: set[Subscription] = set()
        self._done_s = self._done_bytes = 0.0
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._last_query_end = 0.0
        self._running_queries = 0
        self._changes = 0
        self._run = secrets.token_hex(4)
        self._number = self._last_dropped = 0
        self._history: deque[ServiceEvent] = deque()

    @contextmanager
    def working(self, path: Path, *, at_full_speed: bool = True) -> Iterator[FileProgress]:
        """Count a file as being decoded while this is open; the caller updates the progress it yields."""
        progress = FileProgress(path, time.monotonic(), at_full_speed=at_full_speed)
        with self._lock:
            if at_full_speed and not self._timed():
                self._busy_since = progress.started
            self._in_progress[path] = progress
        try:
            yield progress
        finally:
            with self._lock:
                # Another file of the same name may have come meanwhile.
                if self._in_progress.get(path) is progress:
                    del self._in_progress[path]
                if at_full_speed:
                    self._done_s += progress.position_s
                    self._done_bytes += progress.size_bytes - progress.bytes_left
                if not self._timed() and self._busy_since is not None:
                    self._busy_s += time.monotonic() - self._busy_since
                    self._busy_since = None

    def in_progress(self) -> list[FileProgress]:
        """Return the progress of the files that are being decoded."""
        with self._lock:
            return list(self._in_progress.values())

    def times_real_time(self) -> float | None:
        """Return the seconds of video decoded per second of work since the start; None before the first."""
        with self._lock:
            done = self._done_s + sum(progress.position_s for progress in self._timed())
            busy_s = self._total_busy_s()
        return round(done / busy_s, 1) if done and busy_s else None

    def bytes_per_s(self) -> float | None:
        """Return the bytes of files read per second of work since the start; None before the first."""
        with self._lock:
            done = self._done_bytes
            done += sum(progress.size_bytes - progress.bytes_left for progress in self._timed())
            busy_s = self._total_busy_s()
        return done / busy_s if done and busy_s else None

    def _timed(self) -> list[FileProgress]:
        return [progress for progress in self._in_progress.values() if progress.at_full_speed]

    def _total_busy_s(self) -> float:
        return self._busy_s + (time.monotonic() - self._busy_since if self._busy_since else 0.0)

    def publish(self, kind: str, **data: Any) -> None:
        """Give an event to every subscriber."""
        with self._lock:
            self._changes += kind in LIST_KINDS
            self._number += 1
            event = ServiceEvent(kind, data, self._number)
            if kind != PROGRESS_KIND:
                self._keep(event)
            for subscription in self._subscriptions:
                subscription.add(event)

    def _keep(self, event: ServiceEvent) -> None:
        self._history.append(event)
        if len(self._history) > SUBSCRIPTION_BACKLOG_EVENTS:
            self._last_dropped = self._history.popleft().number

    def count_of_changes(self) -> int:
        """Return how many changes of videos were published since the start."""
        with self._lock:
            return self._changes

    @contextmanager
    def subscribe(self, after: str | None = None) -> Iterator[Subscription]:
        """Yield a subscription to the events from now on, or from the one after that with the id `after` on.

        Where not all of these are kept, an event of the kind `MISSED_KIND` stands for them.
        """
        subscription = Subscription()
        with self._lock:
            for event in self._since(after):
                subscription.add(event)
            self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions.discard(subscription)

    def id_of(self, event: ServiceEvent) -> str:
        """Return by what `subscribe` knows an event again, also in another run of the service."""
        return f"{self._run}-{event.number}"

    def _since(self, after: str | None) -> list[ServiceEvent]:
        if after is None:
            return []
        run, _, number = after.rpartition("-")
        if run != self._run or not number.isdecimal() or int(number) < self._last_dropped:
            return [ServiceEvent(MISSED_KIND, {}, self._number)]
        return [event for event in self._history if event.number > int(number)]

    @contextmanager
    def query_running(self) -> Iterator[None]:
        """Count a query as running while this is open; background work yields to it."""
        with self._lock:
            self._running_queries += 1
        try:
            yield
        finally:
            with self._lock:
                self._running_queries -= 1
                self._last_query_end = time.monotonic()

    def no_query_for(self, duration_s: float) -> bool:
        """Return whether no query ran in the last `duration_s` seconds."""
        with self._lock:
            return not self._running_queries and time.monotonic() - self._last_query_end >= duration_s
