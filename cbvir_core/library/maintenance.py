"""What a library does when nobody asks and nothing is added; each call is one step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from cbvir_core.calibration.calibrate import Calibrated, calibrate
from cbvir_core.library.generations import Generations
from cbvir_core.search.refine import compute
from cbvir_core.search.verifying import features_of
from cbvir_core.store import Store

STEP = 16
"""Keyframes that one call of `backfill` or `reembed` takes in hand unless told otherwise."""

QUESTIONS = 600
"""Questions of a calibration unless told otherwise."""


class Maintenance:
    """The part of `Library` that loads networks, completes descriptors and looks after the index."""

    store: Store
    _generations: Generations

    def load_filter(self) -> None:
        """Loads the filter's network, which the first `append` or `search` would wait for otherwise.

        Raises WeightsMissing, WeightsDamaged, WeightsMismatch.
        """
        self._generations.current.networks.filter.load()  # not counted as inside: closing need not wait

    def load_refine(self) -> None:
        """The same for SOLAR's, where the profile has it, once the filter's is there.

        Not beside it: two threads that initialise the runtime's modules at once can wait for each other
        for ever, one with the interpreter and one with a static of the module.
        """
        networks = self._generations.current.networks
        if networks.refine is not None:
            networks.filter.load()
            networks.refine.load()

    def maintain(self) -> bool:
        """One step of sealing and merging the index or of trimming the log; False with nothing to do."""
        index = self._generations.current.index  # not counted as inside: closing ends a build
        return index.maintain() or self.store.trim_changes(index.followed()) > 0

    def backfill(self, limit: int = STEP) -> int:
        """Writes up to `limit` missing SOLAR descriptors; says how many, 0 when none is missing."""
        self.load_refine()
        with self._generations.inside() as answering:
            encoder = answering.networks.refine
            if encoder is None:
                return 0
            rows = self.store.rows_without_refine(answering.generation, limit)
            made = compute(self.store, encoder, rows)
            if made:
                self.store.put_refine(answering.generation, list(made), np.stack(list(made.values())))
            return len(made)

    def backfill_features(self, limit: int = STEP) -> int:
        """Makes the local features of up to `limit` stills that have none; says how many, 0 at the end.

        A query makes those that it wants itself.  Raises DiskFull.
        """
        made = features_of(self.store, self.store.rows_without_features(limit))
        return self.store.put_features(made) if made else 0

    def reembed(self, limit: int = STEP) -> int:
        """Moves up to `limit` keyframes to weights that have changed; says how many.

        The call that finds none left, and gives 0, lets the new weights answer.
        """
        return self._generations.step(limit)

    def calibrate(
        self, questions: int = QUESTIONS, seed: int = 0, progress: Callable[[int, int], None] | None = None
    ) -> Calibrated:
        """Fits what scores claim to this library (`cbvir_core.calibration.calibrate`), and keeps it.

        Takes about half a second a question; queries go on.  Raises InputError where the library is too
        small, DiskFull.
        """
        return self._generations.calibrate(partial(calibrate, self.store, questions, seed, progress))
