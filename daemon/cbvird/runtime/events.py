"""What the service tells the world of its work while it goes on: live progress and events."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbvir_core.types import VideoId

BACKLOG = 1000
"""Events that a listener may lag behind before it misses the oldest of them."""


@dataclass(slots=True)
class Current:
    """One file that is being decoded right now."""

    path: Path
    started: float
    video_id: VideoId | None = None
    duration_s: float | None = None
    position_s: float = 0.0
    damaged: int = 0
    keyframes: int = 0
    size_bytes: int = 0

    @property
    def bytes_left(self) -> float:
        """What is still to be read, taking the bit rate for constant."""
        return self.size_bytes * (1.0 - (self.per_cent or 0.0) / 100.0)

    @property
    def per_cent(self) -> float | None:
        """How much of the file is decoded; None where the file does not tell its length."""
        if not self.duration_s:
            return None
        return round(min(100.0, 100.0 * self.position_s / self.duration_s), 1)

    def eta_s(self, now: float) -> float | None:
        """Seconds to go at the pace so far."""
        if not self.duration_s or self.position_s <= 0:
            return None
        pace = self.position_s / max(now - self.started, 1e-3)
        return round(max(0.0, self.duration_s - self.position_s) / pace, 1)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed: `kind` is ``video``, ``progress``, ``index``, ``models`` or ``calibration``."""

    kind: str
    data: dict[str, Any]


@dataclass(slots=True, eq=False)
class Listener:
    """One reader of events; it never makes a writer wait."""

    _events: deque[Event] = field(default_factory=lambda: deque(maxlen=BACKLOG))

    def take(self) -> list[Event]:
        """Everything since the last call."""
        taken = []
        while self._events:
            taken.append(self._events.popleft())
        return taken

    def give(self, event: Event) -> None:
        """Add one; the oldest falls out when the listener is too slow."""
        self._events.append(event)


class EventBus:
    """Live progress per file, the pace of the whole, and events.  Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[Path, Current] = {}
        self._listeners: set[Listener] = set()
        self._done_s = self._done_bytes = 0.0
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._asked = 0.0
        self._asking = 0

    @contextmanager
    def working(self, path: Path) -> Iterator[Current]:
        """A file is being decoded while this is open; the caller updates what it yields."""
        current = Current(path, time.monotonic())
        with self._lock:
            if not self._current:
                self._busy_since = current.started
            self._current[path] = current
        try:
            yield current
        finally:
            with self._lock:
                if self._current.get(path) is current:  # a file of the same name may have come meanwhile
                    del self._current[path]
                self._done_s += current.position_s
                self._done_bytes += current.size_bytes - current.bytes_left
                if not self._current and self._busy_since is not None:
                    self._busy_s += time.monotonic() - self._busy_since
                    self._busy_since = None

    def current(self) -> list[Current]:
        """The files at work."""
        with self._lock:
            return list(self._current.values())

    def times_real_time(self) -> float | None:
        """Seconds of video decoded per second of work since the start; None before the first."""
        with self._lock:
            done = self._done_s + sum(current.position_s for current in self._current.values())
            busy = self._busy()
        return round(done / busy, 1) if done and busy else None

    def bytes_per_s(self) -> float | None:
        """Bytes of video files read per second of work since the start; None before the first."""
        with self._lock:
            done = self._done_bytes
            done += sum(current.size_bytes - current.bytes_left for current in self._current.values())
            busy = self._busy()
        return done / busy if done and busy else None

    def _busy(self) -> float:
        return self._busy_s + (time.monotonic() - self._busy_since if self._busy_since else 0.0)

    def publish(self, kind: str, **data: Any) -> None:
        """Tell every listener."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.give(Event(kind, data))

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Events from now on."""
        listener = Listener()
        with self._lock:
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A query runs while this is open; background work yields to it."""
        with self._lock:
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                self._asked = time.monotonic()

    def quiet(self, for_s: float) -> bool:
        """Whether no query ran in the last `for_s` seconds."""
        with self._lock:
            return not self._asking and time.monotonic() - self._asked >= for_s
