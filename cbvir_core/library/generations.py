"""Which weights answer, and the way from the former weights to those that are wanted."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cbvir_core.calibration.calibrate import Calibrated
from cbvir_core.calibration.file import CalibrationFile
from cbvir_core.embed import RuntimeOptions, drop_unused
from cbvir_core.errors import ModelError
from cbvir_core.index import IndexOptions
from cbvir_core.library.active import ActiveGeneration, GenerationSwitch, index_folder
from cbvir_core.library.migration import Migration
from cbvir_core.library.networks import Networks, find_networks, fingerprints_in
from cbvir_core.search import Searcher, SearchOptions
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.store import Generation, Store

FORMER_ANSWERS = (
    "The weights changed: {left} keyframes are still to be embedded with those of profile {profile}; "
    "until then the former weights answer."
)
FORMER_GONE = (
    "The weights changed and the former weight files are gone: {left} keyframes cannot be found until "
    "they have been embedded anew."
)


@dataclass(frozen=True, slots=True)
class DataFolders:
    """Where weight files, indices and a calibration lie."""

    models: Path
    indices: Path
    confidence: CalibrationFile


class Generations:
    """The generation that answers, and the move to another one where the weights have changed.

    The former generation answers, and takes new keyframes, for as long as its weight files are
    there; otherwise the wanted one answers from what it has so far.
    """

    def __init__(
        self,
        store: Store,
        wanted: Networks,
        places: DataFolders,
        *,
        runtime: RuntimeOptions,
        index: IndexOptions,
        search: SearchOptions,
    ) -> None:
        self._store, self._wanted, self._places = store, wanted, places
        self._cache, self._index_options, self._search_options = runtime.cache, index, search
        self._stepping, self._appending = threading.Lock(), threading.Lock()
        self._closing = threading.Event()
        self._successor: ActiveGeneration | None = None
        target = store.generation(*wanted.fingerprints)
        former = self._to_leave(target)
        networks = find_networks(former, places.models, runtime) if former else None
        generation = former if former and networks else target
        self._migration: Migration | None = None
        if former or store.rows_without_filter(target, 1):
            self._migration = Migration(store, former, target, wanted)
        store.set_answering(generation)
        self._turnstile = GenerationSwitch(self._open(generation, networks or wanted))
        if self._migration is None:
            self._drop_others(target)

    @property
    def current(self) -> ActiveGeneration:
        """The generation that answers now."""
        return self._turnstile.current

    @property
    def moving(self) -> bool:
        """Whether keyframes are still on their way to other weights."""
        return self._migration is not None

    def inside(self) -> AbstractContextManager[ActiveGeneration]:
        """The generation that answers now; it stays open for as long as the block lasts."""
        return self._turnstile.inside()

    @contextmanager
    def appending(self) -> Iterator[ActiveGeneration]:
        """The generation that takes new keyframes; it is not replaced for as long as the block lasts."""
        with self._appending, self._turnstile.inside() as answering:
            yield answering

    def step(self, limit: int) -> int:
        """Moves up to `limit` keyframes to the wanted weights; says how many, 0 when none is left.

        The call that finds none left lets the wanted generation answer and deletes the former.
        """
        with self._stepping:
            migration = self._migration
            if migration is None:
                return 0
            moved = migration.step(limit)
            if not moved:
                self._arrive(migration)
            elif self.current.generation == migration.target:
                self.current.index.refresh()
            return moved

    def calibrate(self, measure: Callable[[Searcher], tuple[ConfidenceModel, Calibrated]]) -> Calibrated:
        """Lets the generation that answers set_confidence what `measure` makes of it, from now on."""
        with self.inside() as answering:
            confidence, outcome = measure(answering.searcher)
            self._places.confidence.write(answering.generation, confidence, asdict(outcome))
            answering.searcher.set_confidence(confidence)
            return outcome

    def notes(self) -> tuple[str, ...]:
        """What an answer should say of weights that cannot be used, and of a move under way."""
        trouble = self._wanted.profile.trouble
        moving = self._moving_notes()
        return (trouble, *moving) if trouble else moving

    def _moving_notes(self) -> tuple[str, ...]:
        migration = self._migration
        if migration is None:
            return ()
        counts = self._store.counts(migration.target)
        text = FORMER_GONE if self.current.generation == migration.target else FORMER_ANSWERS
        left = max(0, counts.keyframes - counts.filtered)
        return (text.format(left=left, profile=self._wanted.profile.name),)

    def close(self) -> None:
        """Waits for the queries under way, but not for an index that is being built."""
        self._closing.set()
        if successor := self._successor:
            successor.index.close()
        with self._stepping, self._appending:
            self.current.close()

    def _to_leave(self, target: Generation) -> Generation | None:
        """The generation that has answered so far, where it is another one and has anything to say."""
        former = self._store.answering()
        if former is None or former.number == target.number or not self._store.counts(former).filtered:
            return None
        return former

    def _open(self, generation: Generation, networks: Networks) -> ActiveGeneration:
        return ActiveGeneration(
            self._store,
            generation,
            networks,
            self._places.indices,
            index=self._index_options,
            search=self._search_options,
            confidence=self._places.confidence.of(generation),
        )

    def _arrive(self, migration: Migration) -> None:
        """Everything seems to have moved: switch, unless keyframes were added meanwhile."""
        if self.current.generation == migration.target:
            if migration.complete():
                self._migration = None
                self._drop_others(migration.target)
            return
        self._wanted.load()  # queries must not wait for networks because the weights change
        successor = self._successor = self._open(migration.target, self._wanted)
        self._build(successor)
        with self._appending:
            if self._closing.is_set() or not migration.complete():
                successor.close()
                return
            successor.index.refresh()
            self._store.set_answering(migration.target)
            former = self._turnstile.replace(successor)
            self._migration = self._successor = None
        former.close()
        self._drop_others(migration.target)

    def _build(self, successor: ActiveGeneration) -> None:
        """Makes the index of the successor, or its first queries would search everything exactly."""
        while not self._closing.is_set() and successor.index.maintain():
            pass

    def _drop_others(self, kept: Generation) -> None:
        """Deletes what no weights in use have made, but not while they stand in for damaged ones: these
        may be mended, and SOLAR's rows of a large library take days."""
        if self._wanted.profile.trouble:
            return
        for generation in self._store.generations():
            if generation.number != kept.number:
                self._store.drop_generation(generation)
        for folder in self._places.indices.glob("generation-*"):
            if folder != index_folder(self._places.indices, kept):
                shutil.rmtree(folder, ignore_errors=True)
        self._drop_conversions()

    def _drop_conversions(self) -> None:
        """Deletes converted networks of weights that no profile has any more; others may be chosen again."""
        if self._cache is None:
            return
        in_use = [fingerprint for fingerprint in self._wanted.fingerprints if fingerprint]
        with suppress(OSError, ModelError):  # a weight file that goes away meanwhile: another time
            drop_unused(self._cache, in_use, lambda: fingerprints_in(self._places.models))
