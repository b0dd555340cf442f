"""The generation that answers queries, and its replacement while queries go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbvir_core.index import Index, IndexOptions
from cbvir_core.library.networks import Networks
from cbvir_core.search import ConfidenceModel, FrameFinder, Searcher, SearchOptions
from cbvir_core.store import Generation, Store


class ActiveGeneration:
    """One generation with everything that a query of it needs: networks, index, searcher.

    Its users are counted, so that a generation that was replaced is closed only after the last of them
    has left.
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
        frames: FrameFinder | None = None,
    ) -> None:
        self.generation, self.networks, self.frames = generation, networks, frames
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
            frames=frames,
        )
        self._changed = threading.Condition()
        self._users = 0

    def enter(self) -> None:
        """Count one more user, until `leave`."""
        with self._changed:
            self._users += 1

    def leave(self) -> None:
        """Count one user less."""
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Wait until nobody uses it, then close the index."""
        with self._changed:
            self._changed.wait_for(lambda: self._users == 0)
        self.index.close()


class GenerationSwitch:
    """Holds the generation that answers.  Users of a generation that is replaced keep it to their end."""

    def __init__(self, first: ActiveGeneration) -> None:
        self._lock = threading.Lock()
        self.current = first

    @contextmanager
    def inside(self) -> Iterator[ActiveGeneration]:
        """Yield the generation that answers now; it stays open for as long as the block lasts."""
        with self._lock:
            entered = self.current
            entered.enter()
        try:
            yield entered
        finally:
            entered.leave()

    def replace(self, successor: ActiveGeneration) -> ActiveGeneration:
        """Let another generation answer; return the former, which may still have users."""
        with self._lock:
            former, self.current = self.current, successor
        return former


def index_folder(indices: Path, generation: Generation) -> Path:
    """Return the folder that holds the index of a generation."""
    return indices / f"generation-{generation.number}"
