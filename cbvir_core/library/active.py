"""The generation that answers queries, and its replacement while queries go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbvir_core.index import Index, IndexOptions
from cbvir_core.library.networks import Networks
from cbvir_core.search import Searcher, SearchOptions
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.store import Generation, Store


class ActiveGeneration:
    """One generation with everything that a query of it needs.

    Who uses it is counted, so that a generation that was replaced is closed only when nobody is
    inside any more.
    """

    def __init__(
        self,
        store: Store,
        generation: Generation,
        networks: Networks,
        indices: Path,
        *,
        index: IndexOptions,
        search: SearchOptions,
        confidence: ConfidenceModel | None,
    ) -> None:
        self.generation, self.networks = generation, networks
        self.index = Index.open(index_folder(indices, generation), store, generation, index)
        self.searcher = Searcher(
            store,
            self.index,
            generation,
            networks.filter,
            networks.refine,
            profile_name=networks.profile.name,
            options=search,
            filter_scale=networks.filter_scale,
            refine_scale=networks.refine_scale,
            confidence=confidence,
        )
        self._changed = threading.Condition()
        self._inside = 0

    def enter(self) -> None:
        """Somebody uses it now, until `leave`."""
        with self._changed:
            self._inside += 1

    def leave(self) -> None:
        """The counterpart of `enter`."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Waits until nobody is inside, then closes the index."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0)
        self.index.close()


class GenerationSwitch:
    """Who answers now.  Whoever is inside keeps the generation that it entered with."""

    def __init__(self, first: ActiveGeneration) -> None:
        self._lock = threading.Lock()
        self.current = first

    @contextmanager
    def inside(self) -> Iterator[ActiveGeneration]:
        """The generation that answers now; it stays open for as long as the block lasts."""
        with self._lock:
            entered = self.current
            entered.enter()
        try:
            yield entered
        finally:
            entered.leave()

    def replace(self, successor: ActiveGeneration) -> ActiveGeneration:
        """Lets another generation answer; gives the former, which may still have users inside."""
        with self._lock:
            former, self.current = self.current, successor
        return former


def index_folder(indices: Path, generation: Generation) -> Path:
    """Where the index of a generation lies."""
    return indices / f"generation-{generation.number}"
