"""Work that nobody waits for: sealing and merging segments, SOLAR rows, changes of weights."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from cbvir_core.errors import CbvirError
from cbvir_core.library import Library
from cbvird.runtime.events import EventBus

LOG = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often an idle thread looks for work."""

TROUBLE_S = 60.0
"""How long a thread rests after an error that may pass, a full disk for one."""

QUIET_S = 1.0
"""Backfill rests while a query ran this recently, so a query finds the processor free."""

BACKFILL = 4
"""Keyframes refined at a time: about 0.25 s on one CPU thread, the longest a query is held up."""

FEATURES = 8
"""Stills whose local features are made at a time, about 0.25 s."""

REEMBED = 16
"""Stills embedded anew at a time."""


class Indexer:
    """Two thread bodies: `maintain` looks after the index, `backfill` after the descriptors."""

    def __init__(self, library: Library, board: EventBus) -> None:
        self._library = library
        self._board = board

    def maintain(self, stop: threading.Event) -> None:
        """Seal and merge whenever the index's policy says so."""
        while not stop.is_set():
            if self._try(self._library.maintain, stop):
                self._board.publish("index", **self._generation())
            else:
                stop.wait(IDLE_S)

    def backfill(self, stop: threading.Event) -> None:
        """Move rows to new weights, add missing SOLAR rows, then local features, all only between queries."""
        while not stop.is_set():
            if not self._board.quiet(QUIET_S):
                stop.wait(0.1)
            elif not self._try(self._step, stop):
                stop.wait(IDLE_S)

    def _step(self) -> bool:
        if self._library.reembed(REEMBED):
            return True
        # While SOLAR is being loaded this thread would wait, and could not be stopped.
        refined = 0 if self._library.refine_loading else self._library.backfill(BACKFILL)
        return refined > 0 or self._library.backfill_features(FEATURES) > 0

    def _try(self, step: Callable[[], bool], stop: threading.Event) -> bool:
        """One step; an error that cbvir raises on purpose is told and tried again later."""
        try:
            return step()
        except CbvirError as error:
            LOG.warning("background work failed", code=error.code, reason=str(error))
            stop.wait(TROUBLE_S)
            return False

    def _generation(self) -> dict[str, int]:
        status = self._library.index.status()
        return {"generation": status.generation, "segments": status.segments, "tail": status.tail}
