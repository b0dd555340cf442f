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
from cbvird.worker.supervisor import DecodeStopped

LOG = structlog.get_logger(__name__)

WRITE_BATCH_KEYFRAMES = 16
"""Keyframes embedded and written at once.  Larger batches gain nothing on one CPU thread."""

BATCH_LINGER_S = 0.3
"""Seconds that the first keyframe of a batch waits for more."""

QUEUE_CAPACITY_KEYFRAMES = 32
"""Largest number of waiting keyframes.  Then workers wait.  A keyframe takes about 0.5 MB; its frames take
1.2 MB where the scene has ten samples, and 5 MB where it has 45, the most."""


class KeyframeAppender(Protocol):
    """The part of `cbvir_core.library.Library` that the writer needs."""

    def load_filter(self) -> None:
        """Load the network that `append` embeds with."""

    def append(self, video_id: VideoId, keyframes: list[Keyframe], /) -> None:
        """Embed and store keyframes; they are searchable afterwards."""


@dataclass(slots=True, eq=False)
class VideoSink:
    """The way of one video's keyframes into the store.

    `error` is what stopped it.  `drained` is set when the writer has come to its end.
    """

    video_id: VideoId
    error: CbvirError | None = None
    drained: threading.Event = field(default_factory=threading.Event)


QueueEntry = tuple[VideoSink, Keyframe | None]
"""A keyframe of a video; None stands for the end of the video."""


class Writer:
    """A bounded queue in front of `Library.append`.  `run` is the body of its thread.

    `loaded` is set as soon as the thread has loaded the network, or has failed to.
    """

    def __init__(self, library: KeyframeAppender, stop: threading.Event) -> None:
        self.loaded = threading.Event()
        self._library = library
        self._stop = stop
        self._queue: queue.Queue[QueueEntry] = queue.Queue(QUEUE_CAPACITY_KEYFRAMES)

    def put(self, sink: VideoSink, keyframe: Keyframe) -> None:
        """Hand over one keyframe; wait while the queue is full.  Raises what stopped this video."""
        if sink.error is not None:
            raise sink.error
        self._enqueue((sink, keyframe))

    def drain(self, sink: VideoSink) -> None:
        """Return when all keyframes of this video are in the store.  Raises what stopped it."""
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
        except CbvirError as error:  # the first video fails with the same message, and is tried again
            LOG.warning("network cannot be loaded", code=error.code, reason=str(error))
        finally:
            self.loaded.set()

    def _write(self, sink: VideoSink, entries: list[Keyframe | None]) -> None:
        keyframes = [keyframe for keyframe in entries if keyframe is not None]
        if keyframes and sink.error is None:
            try:
                self._library.append(sink.video_id, keyframes)
            except CbvirError as error:  # a full disk, for example: this video fails, the service goes on
                sink.error = error
        if len(keyframes) < len(entries):
            sink.drained.set()

    def _collect(self) -> list[QueueEntry]:
        """Return the entries that come within `BATCH_LINGER_S` of the first; an empty list if none comes."""
        batch: list[QueueEntry] = []
        deadline = time.monotonic() + BATCH_LINGER_S
        while len(batch) < WRITE_BATCH_KEYFRAMES:
            try:
                entry = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if not batch:
                deadline = time.monotonic() + BATCH_LINGER_S
            batch.append(entry)
            if entry[1] is None:
                break  # `drain` waits for this
        return batch

    def _enqueue(self, entry: QueueEntry) -> None:
        while True:
            self._check()
            try:
                return self._queue.put(entry, timeout=0.2)
            except queue.Full:
                continue

    def _check(self) -> None:
        if self._stop.is_set():
            raise DecodeStopped
