"""Background maintenance of a library; each call does one bounded step."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Protocol

import numpy as np

from cbvir_core.calibration import CalibrationProgress, CalibrationResult, calibrate
from cbvir_core.errors import CalibrationBusy
from cbvir_core.library.frame_backfill import FrameBackfill
from cbvir_core.library.generations import Generations
from cbvir_core.search import make_local_features, make_refine_descriptors
from cbvir_core.store import Store

MAINTENANCE_STEP_KEYFRAMES = 16
"""Keyframes that one call of `backfill`, `backfill_features` or `reembed` processes unless told otherwise."""

FRAME_STEP_SCENES = 4
"""Scenes that one call of `backfill_frames` reads unless told otherwise, of about three seconds each."""


class LogFollower(Protocol):
    """An index beside that of the keyframes that follows the store's change log."""

    def maintain(self) -> bool:
        """Do one step of index work; return False where there is nothing to do."""

    def verify(self) -> bool:
        """Compare one file of the index with its checksum; return False where none is left."""

    def interrupt(self) -> None:
        """End a build under way, and begin none any more."""

    def followed(self) -> int:
        """Return the change up to which it needs the log no more."""

    def rebuild(self) -> None:
        """Build it anew from the store while queries go on."""


class Maintenance:
    """The part of `Library` that loads networks, completes descriptors and maintains the index.

    `frames` completes frame codes; None where there are none.  The change log is trimmed behind the
    `followers` too.
    """

    def __init__(
        self,
        store: Store,
        generations: Generations,
        frames: FrameBackfill | None = None,
        followers: Iterable[LogFollower] = (),
    ) -> None:
        self._store, self._generations = store, generations
        self._frames, self._followers = frames, tuple(followers)
        self._calibrating = threading.Lock()

    def rebuild_index(self) -> None:
        """Build the index of keyframes and then that of frames anew from the store while queries go on."""
        self._generations.current.index.rebuild()
        for follower in self._followers:
            follower.rebuild()

    def load_filter(self) -> None:
        """Load the filter's network, which the first `append` or `search` would wait for otherwise.

        Raises WeightsMissing, WeightsDamaged, WeightsMismatch.
        """
        # Without `inside`, so that closing the library need not wait for the network.
        self._generations.current.networks.filter.load()

    def load_refine(self) -> None:
        """Load SOLAR's network, where the profile has one, after the filter's.

        One after the other: two threads that initialise the runtime's modules at once can wait for each
        other for ever, one with the interpreter and one with a static of the module.  Raises
        WeightsMissing, WeightsDamaged, WeightsMismatch.
        """
        networks = self._generations.current.networks
        if networks.refine is not None:
            networks.filter.load()
            networks.refine.load()

    def maintain(self) -> bool:
        """Seal or merge a segment of the index, or trim the change log; return False with nothing to do.

        Raises DiskFull.
        """
        # Without `inside`: closing the library interrupts a build of the index and need not wait for it.
        index = self._generations.current.index
        if index.maintain() or any(follower.maintain() for follower in self._followers):
            return True
        followed = min(follower.followed() for follower in (index, *self._followers))
        return self._store.trim_changes(followed) > 0

    def verify_index(self) -> bool:
        """Compare one file of an index with its checksum; return False where all have been since the start.

        A start trusts files that have the size and the time that they were written with.  What a damaged one
        held is read from the store again.  Reads at most half a gigabyte.  Raises DiskFull.
        """
        index = self._generations.current.index
        return index.verify() or any(follower.verify() for follower in self._followers)

    def interrupt(self) -> None:
        """End builds of the indices under way, without harm, and begin none any more; queries go on."""
        self._generations.interrupt()
        for follower in self._followers:
            follower.interrupt()

    def backfill(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Compute up to `limit` missing SOLAR descriptors; return how many, 0 when none is missing."""
        self.load_refine()
        with self._generations.inside() as answering:
            encoder = answering.networks.refine
            if encoder is None:
                return 0
            rows = self._store.rows_without_refine(answering.generation, limit)
            descriptors = make_refine_descriptors(self._store, encoder, rows)
            if descriptors:
                matrix = np.stack(list(descriptors.values()))
                self._store.put_refine(answering.generation, list(descriptors), matrix)
            return len(descriptors)

    def backfill_features(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Compute the local features of up to `limit` stills that have none; return how many, 0 at the end.

        A query computes those that it needs and that are missing.  Raises DiskFull.
        """
        features = make_local_features(self._store, self._store.rows_without_features(limit))
        return self._store.put_features(features) if features else 0

    def backfill_frames(self, limit: int = FRAME_STEP_SCENES) -> int:
        """Read up to `limit` scenes of videos that lack frame codes, from their files; return how many.

        0 where none lacks them, or no file of those that do can be read now.  Raises DiskFull, ModelError.
        """
        return 0 if self._frames is None else self._frames.step(limit)

    def reembed(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Move up to `limit` keyframes to weights that have changed; return how many.

        The call that finds none left returns 0 and lets the new weights answer.
        """
        return self._generations.step(limit)

    def calibrate(self, questions: int, seed: int, progress: CalibrationProgress | None) -> CalibrationResult:
        """Fit the confidence model to this library (`cbvir_core.calibration`); use and keep it where better.

        Takes seconds a question; queries go on.  Raises InputError where the library is too small,
        CalibrationBusy while another one runs, DiskFull.
        """
        with self._calibrating_alone(), self._generations.inside() as answering:
            earlier = self._generations.calibrations(answering)
            confidence, result = calibrate(
                self._store, answering.searcher, questions, seed, progress, earlier=earlier
            )
            if result.applied:
                details = asdict(result) | {"calibrations": earlier + 1}
                self._generations.set_confidence(answering, confidence, details)
            return result

    def calibration(self) -> CalibrationResult | None:
        """Return the outcome of the calibration in use; None where the shipped model judges.

        `bins` is empty for one of a version that did not keep them.
        """
        with self._generations.inside() as answering:
            details = self._generations.calibration_details(answering)
        return None if details is None else CalibrationResult.of_details(details)

    def reset_calibration(self) -> bool:
        """Go back to the confidence model that comes with cbvir; return whether there was another one.

        Raises CalibrationBusy while a calibration runs, StoreError.
        """
        with self._calibrating_alone(), self._generations.inside() as answering:
            return self._generations.reset_confidence(answering)

    @contextmanager
    def _calibrating_alone(self) -> Iterator[None]:
        if not self._calibrating.acquire(blocking=False):
            raise CalibrationBusy("a calibration is running; try again when it is done")
        try:
            yield
        finally:
            self._calibrating.release()
