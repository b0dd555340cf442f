"""Background maintenance: segments of the index, new weights, missing SOLAR rows, local features, frames."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from cbvir_core.errors import CbvirError
from cbvir_core.library import Library
from cbvird.runtime.event_bus import EventBus
from cbvird.worker.supervisor import DecodeStopped

LOG = structlog.get_logger(__name__)

MAINTENANCE_IDLE_S = 2.0
"""Seconds between two looks of an idle thread for work."""

ERROR_REST_S = 60.0
"""Seconds that a thread rests after an error that may pass, a full disk for example."""

BACKFILL_AFTER_QUERY_S = 1.0
"""Backfill rests until so many seconds after the last query, so that queries find the processor free."""

VERIFY_AFTER_START_S = 10.0
VERIFY_REST_S = 60.0
"""Seconds before the first file of the index is compared with its checksum, and between two looks for files:
there are others after a change of weights, and none is compared while a segment is built."""

REFINE_BATCH_STILLS = 4
"""Stills refined in one step: about 0.25 s on one CPU thread, the longest delay of a query."""

FEATURE_BATCH_STILLS = 8
"""Stills whose local features are made in one step: about 0.25 s."""

FRAME_BATCH_SCENES = 2
"""Scenes whose frames are read from their file and described in one step."""

REEMBED_BATCH_STILLS = 16
"""Stills embedded with new weights in one step."""


class BackgroundMaintenance:
    """Thread bodies: `maintain` and `verify` for the index, `backfill` for descriptors and frames."""

    def __init__(self, library: Library, event_bus: EventBus) -> None:
        self._library = library
        self._event_bus = event_bus

    def maintain(self, stop: threading.Event) -> None:
        """Seal and merge segments whenever the policy of the index wants it."""
        while not stop.is_set():
            if self._try(self._library.maintain, stop):
                self._event_bus.publish("index", **self._index_figures())
            else:
                stop.wait(MAINTENANCE_IDLE_S)

    def backfill(self, stop: threading.Event) -> None:
        """Move rows to new weights, add missing SOLAR rows, local features and frames; between queries only.

        Where a video is being taken in meanwhile, the low priority of this thread bounds its share.
        """
        while not stop.is_set():
            if not self._event_bus.no_query_for(BACKFILL_AFTER_QUERY_S):
                stop.wait(0.1)
            elif not self._try(self._step, stop):
                stop.wait(MAINTENANCE_IDLE_S)

    def verify(self, stop: threading.Event) -> None:
        """Compare each file of the index with its checksum once, between queries.

        Later than the start, so that the first queries find the disk free.
        """
        stop.wait(VERIFY_AFTER_START_S)
        while not stop.is_set():
            if not self._event_bus.no_query_for(BACKFILL_AFTER_QUERY_S):
                stop.wait(0.1)
            elif not self._try(self._library.verify_index, stop):
                stop.wait(VERIFY_REST_S)

    def _step(self) -> bool:
        if self._library.reembed(REEMBED_BATCH_STILLS):
            return True
        # While SOLAR is being loaded this thread would wait for it, and could not be stopped.
        refined = 0 if self._library.refine_loading else self._library.backfill(REFINE_BATCH_STILLS)
        if refined or self._library.backfill_features(FEATURE_BATCH_STILLS):
            return True
        return self._library.backfill_frames(FRAME_BATCH_SCENES) > 0

    def _try(self, step: Callable[[], bool], stop: threading.Event) -> bool:
        """Do one step and return whether there was work; log an error of cbvir's own and rest."""
        try:
            return step()
        except DecodeStopped:
            return False
        except CbvirError as error:
            LOG.warning("background work failed", code=error.code, reason=str(error))
            stop.wait(ERROR_REST_S)
            return False

    def _index_figures(self) -> dict[str, int]:
        status = self._library.index_status()
        return {"generation": status.version, "segments": status.segments, "tail": status.tail}
