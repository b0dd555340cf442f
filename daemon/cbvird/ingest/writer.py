"""The one thread that embeds and writes keyframes, for all decode workers together."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from cbvir_core.errors import CbvirError
from cbvir_core.types import Keyframe, VideoId
from cbvird.worker.supervisor import Stopped

LOG = structlog.get_logger(__name__)

BATCH = 16
"""Keyframes embedded at once.  Larger batches gain nothing on one CPU thread."""

LINGER_S = 0.3
"""How long the first keyframe of a batch waits for company."""

CAPACITY = 32
"""Keyframes waiting at most, about 0.5 MB each and as much of thumbnails; a worker that has more waits."""


class Appends(Protocol):
    """The part of `cbvir_core.library.Library` that the writer needs."""

    def load_filter(self) -> None:
        """Load the network that `append` embeds with."""

    def append(self, video_id: VideoId, keyframes: list[Keyframe], /) -> None:
        """Embed, store and make searchable."""


@dataclass(slots=True, eq=False)
class Sink:
    """Takes the keyframes of one video on their way into the store."""

    video_id: VideoId
    error: CbvirError | None = None
    drained: threading.Event = field(default_factory=threading.Event)


Entry = tuple[Sink, Keyframe | None]


class Writer:
    """A bounded queue in front of `Library.append`.  `run` is the body of its thread.

    `loaded` is set as soon as the thread has its network, or cannot have it.
    """

    def __init__(self, library: Appends, stop: threading.Event) -> None:
        self.loaded = threading.Event()
        self._library = library
        self._stop = stop
        self._queue: queue.Queue[Entry] = queue.Queue(CAPACITY)

    def put(self, sink: Sink, keyframe: Keyframe) -> None:
        """Hand over one keyframe; waits while the queue is full.  Raises what stopped this video."""
        if sink.error is not None:
            raise sink.error
        self._enqueue((sink, keyframe))

    def drain(self, sink: Sink) -> None:
        """Return when everything of this video is in the store.  Raises what stopped it."""
        self._enqueue((sink, None))
        while not sink.drained.wait(0.2):
            self._check()
        if sink.error is not None:
            raise sink.error

    def run(self, stop: threading.Event) -> None:
        """Load the network, then embed and write until `stop` is set."""
        self._load()
        while not stop.is_set():
            batch = self._collect()
            for sink in dict.fromkeys(sink for sink, _ in batch):
                self._write(sink, [keyframe for owner, keyframe in batch if owner is sink])

    def _load(self) -> None:
        try:
            self._library.load_filter()
        except CbvirError as error:  # the first video fails with the same words, and is tried again
            LOG.warning("network cannot be loaded", code=error.code, reason=str(error))
        finally:
            self.loaded.set()

    def _write(self, sink: Sink, entries: list[Keyframe | None]) -> None:
        keyframes = [keyframe for keyframe in entries if keyframe is not None]
        if keyframes and sink.error is None:
            try:
                self._library.append(sink.video_id, keyframes)
            except CbvirError as error:  # a full disk, say: this video waits, the service goes on
                sink.error = error
        if len(keyframes) < len(entries):
            sink.drained.set()

    def _collect(self) -> list[Entry]:
        """Whatever comes within a short time of the first; empty when nothing does."""
        batch: list[Entry] = []
        deadline = time.monotonic() + LINGER_S
        while len(batch) < BATCH:
            try:
                entry = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if not batch:
                deadline = time.monotonic() + LINGER_S
            batch.append(entry)
            if entry[1] is None:
                break  # somebody waits for this end
        return batch

    def _enqueue(self, entry: Entry) -> None:
        while True:
            self._check()
            try:
                return self._queue.put(entry, timeout=0.2)
            except queue.Full:
                continue

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped
