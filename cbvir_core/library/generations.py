"""The weights that answer, and the change from the former weights to the wanted ones."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbvir_core.calibration import CalibrationFile
from cbvir_core.embed import RuntimeOptions, drop_unused
from cbvir_core.errors import ModelError
from cbvir_core.index import IndexOptions
from cbvir_core.library.active import ActiveGeneration, GenerationSwitch, index_folder
from cbvir_core.library.migration import Migration
from cbvir_core.library.networks import Networks, find_networks, fingerprints_in
from cbvir_core.search import ConfidenceModel, FrameFinder, SearchOptions, shipped_model
from cbvir_core.store import Generation, Store

FORMER_ANSWERS_NOTE = (
    "The weights changed: {left} keyframes are still to be embedded with those of profile {profile}; "
    "until then the former weights answer."
)
FORMER_GONE_NOTE = (
    "The weights changed and the former weight files are gone: {left} keyframes cannot be found until "
    "they have been embedded anew."
)


@dataclass(frozen=True, slots=True)
class DataFolders:
    """The places of what a library keeps, by default all in one folder."""

    store: Path
    indices: Path
    frames: Path
    models: Path
    cache: Path
    in_use: Path
    calibration: CalibrationFile

    @classmethod
    def of(cls, folder: Path, models: Path | str | None = None) -> DataFolders:
        """Name the places of the library in `folder`; `models` replaces the folder of weight files."""
        return cls(
            store=folder / "store",
            indices=folder / "index",
            frames=folder / "frames",
            models=Path(models) if models else folder / "models",
            cache=folder / "cache",
            in_use=folder / "in-use",
            calibration=CalibrationFile.in_folder(folder),
        )


class Generations:
    """The generation that answers, and the move to another one where the weights have changed.

    Until the move is complete the former generation answers and takes new keyframes, as long as its weight
    files are there.  Where they are gone, the wanted generation answers from the keyframes it has so far.
    """

    def __init__(
        self,
        store: Store,
        wanted: Networks,
        folders: DataFolders,
        *,
        runtime: RuntimeOptions,
        index: IndexOptions,
        search: SearchOptions,
        frames: FrameFinder | None = None,
    ) -> None:
        self._frames = frames
        self._store, self._wanted, self._folders = store, wanted, folders
        self._cache, self._index_options, self._search_options = runtime.cache, index, search
        self._stepping, self._appending = threading.Lock(), threading.Lock()
        self._closing = threading.Event()
        self._successor: ActiveGeneration | None = None
        target = store.generation(*wanted.fingerprints)
        former = self._former_of(target)
        networks = find_networks(former, folders.models, runtime) if former else None
        generation = former if former and networks else target
        self._migration: Migration | None = None
        if former or store.rows_without_filter(target, 1):
            self._migration = Migration(store, former, target, wanted)
        store.set_answering(generation)
        self._switch = GenerationSwitch(self._open(generation, networks or wanted))
        if self._migration is None:
            self._drop_others(target)

    @property
    def current(self) -> ActiveGeneration:
        """The generation that answers now."""
        return self._switch.current

    def inside(self) -> AbstractContextManager[ActiveGeneration]:
        """Yield the generation that answers now; it stays open for as long as the block lasts."""
        return self._switch.inside()

    @contextmanager
    def appending(self) -> Iterator[ActiveGeneration]:
        """Yield the generation that takes new keyframes; no other one takes its place during the block."""
        with self._appending, self._switch.inside() as answering:
            yield answering

    def step(self, limit: int) -> int:
        """Move up to `limit` keyframes to the wanted weights; return how many, 0 when none is left.

        The call that finds none left lets the wanted generation answer and deletes the former.
        """
        with self._stepping:
            migration = self._migration
            if migration is None:
                return 0
            moved = migration.step(limit)
            if not moved:
                self._complete(migration)
            elif self.current.generation == migration.target:
                self.current.index.refresh()
            return moved

    def set_confidence(
        self, active: ActiveGeneration, confidence: ConfidenceModel, details: Mapping[str, object]
    ) -> None:
        """Keep a confidence model for the weights of a generation, and use it from now on.

        `details` of how it was made are kept beside it.  Raises DiskFull, StoreError.
        """
        self._folders.calibration.write(active.generation, confidence, details)
        active.searcher.set_confidence(confidence)

    def calibrations(self, active: ActiveGeneration) -> int:
        """Return how many calibrations led to the confidence model of a generation; 0: the shipped one."""
        return self._folders.calibration.calibrations(active.generation)

    def calibration_details(self, active: ActiveGeneration) -> Mapping[str, Any] | None:
        """Return what was kept beside the confidence model of a generation; None: the shipped one."""
        return self._folders.calibration.details(active.generation)

    def reset_confidence(self, active: ActiveGeneration) -> bool:
        """Delete the library's own confidence model and use the shipped one; return whether there was one.

        Raises StoreError.
        """
        deleted = self._folders.calibration.delete()
        active.searcher.set_confidence(shipped_model())
        return deleted

    def notes(self) -> tuple[str, ...]:
        """Return what an answer should say about weights that cannot be used, and about a move under way."""
        trouble = self._wanted.profile.trouble
        moving = self._moving_notes()
        return (trouble, *moving) if trouble else moving

    def _moving_notes(self) -> tuple[str, ...]:
        migration = self._migration
        if migration is None:
            return ()
        counts = self._store.counts(migration.target)
        gone = self.current.generation == migration.target
        text = FORMER_GONE_NOTE if gone else FORMER_ANSWERS_NOTE
        left = max(0, counts.keyframes - counts.filtered)
        return (text.format(left=left, profile=self._wanted.profile.name),)

    def interrupt(self) -> None:
        """End a build of an index under way, and begin none any more; queries go on."""
        self._closing.set()
        if successor := self._successor:
            successor.index.interrupt()
        self.current.index.interrupt()

    def close(self) -> None:
        """Wait for the queries under way, but interrupt an index that is being built."""
        self.interrupt()
        if successor := self._successor:
            successor.index.close()
        with self._stepping, self._appending:
            self.current.close()

    def _former_of(self, target: Generation) -> Generation | None:
        """Return the generation that answered so far, where it is not the target and has descriptors."""
        former = self._store.answering()
        if former is None or former.number == target.number or not self._store.counts(former).filtered:
            return None
        return former

    def _open(self, generation: Generation, networks: Networks) -> ActiveGeneration:
        return ActiveGeneration(
            self._store,
            generation,
            networks,
            self._folders.indices,
            index=self._index_options,
            search=self._search_options,
            confidence=self._folders.calibration.of(generation),
            frames=self._frames,
        )

    def _complete(self, migration: Migration) -> None:
        """Let the target answer, unless keyframes were added since the last one was moved."""
        if self.current.generation == migration.target:
            if migration.complete():
                self._migration = None
                self._drop_others(migration.target)
            return
        self._wanted.load()  # before the switch: no query may wait for networks because the weights change
        successor = self._successor = self._open(migration.target, self._wanted)
        self._build(successor)
        with self._appending:
            if self._closing.is_set() or not migration.complete():
                successor.close()
                return
            successor.index.refresh()
            self._store.set_answering(migration.target)
            former = self._switch.replace(successor)
            self._migration = self._successor = None
        former.close()
        self._drop_others(migration.target)

    def _build(self, successor: ActiveGeneration) -> None:
        """Build the index of the successor; without it the first queries would search everything exactly."""
        while not self._closing.is_set() and successor.index.maintain():
            pass

    def _drop_others(self, kept: Generation) -> None:
        """Delete all generations and indices but one, and converted networks that no weight file needs.

        Nothing is deleted while the weights in use stand in for damaged ones: these may be replaced by good
        ones, and SOLAR's descriptors of a large library take days.
        """
        if self._wanted.profile.trouble:
            return
        for generation in self._store.generations():
            if generation.number != kept.number:
                self._store.drop_generation(generation)
        for folder in self._folders.indices.glob("generation-*"):
            if folder != index_folder(self._folders.indices, kept):
                shutil.rmtree(folder, ignore_errors=True)
        self._drop_conversions()

    def _drop_conversions(self) -> None:
        """Delete converted networks of weights that are in no profile; others may be chosen again."""
        if self._cache is None:
            return
        in_use = [fingerprint for fingerprint in self._wanted.fingerprints if fingerprint]
        with suppress(OSError, ModelError):  # a weight file vanished meanwhile: the next start tries again
            drop_unused(self._cache, in_use, lambda: fingerprints_in(self._folders.models))
