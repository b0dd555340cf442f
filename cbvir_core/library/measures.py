"""The part of `Library` that measures it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cbvir_core.calibration import KnownFrames
from cbvir_core.decode import Mode
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.library.active import ActiveGeneration
from cbvir_core.library.generations import Generations
from cbvir_core.library.ingest import LibraryIngest, filter_rows, with_stills
from cbvir_core.measure import (
    Measurement,
    MeasureOptions,
    MeasureProgress,
    QueryMeasure,
    QuestionsAsked,
    measure,
    measure_queries,
)
from cbvir_core.store import Store
from cbvir_core.types import Keyframe
from cbvir_core.verify import describe


class LibraryMeasures:
    """Measures a library with its own videos, which stays as it is."""

    def __init__(
        self,
        store: Store,
        generations: Generations,
        keyframes: KeyframeOptions,
        mode: Mode,
        ingest: LibraryIngest,
    ) -> None:
        self._store, self._generations, self._ingest = store, generations, ingest
        self._keyframes, self._mode = keyframes, mode

    def measure(
        self, options: MeasureOptions = MeasureOptions(), progress: MeasureProgress = lambda done, total: None
    ) -> Measurement:
        """Return what reading, queries and look-ups take here (`cbvir_core.measure`).

        Takes a minute or two; queries go on, and slow it down.  Raises ModelError where a network cannot be
        loaded.
        """
        with self._generations.inside() as answering:
            answering.networks.load()
            return measure(
                self._store,
                answering.searcher,
                answering.index,
                answering.generation,
                self._describers(answering),
                self._keyframes,
                self._mode,
                options,
                progress,
            )

    def queries(self, count: int, seed: int, told: QuestionsAsked = lambda: None) -> QueryMeasure:
        """Ask about `count` scenes by chance (`cbvir_core.measure.measure_queries`).

        Raises ModelError where a network cannot be loaded, and what `told` raises.
        """
        with self._generations.inside() as answering:
            answering.networks.load()
            return measure_queries(KnownFrames(self._store), answering.searcher, count, seed, told)

    def _describers(self, answering: ActiveGeneration) -> dict[str, Callable[[Sequence[Keyframe]], object]]:
        """Return what is made of keyframes, by the name of the stage."""

        def solar(keyframes: Sequence[Keyframe]) -> object:
            return networks.refine and networks.refine.encode([keyframe.image for keyframe in keyframes])

        def features(keyframes: Sequence[Keyframe]) -> object:
            return [describe(keyframe.image) for keyframe in keyframes]

        networks = answering.networks
        return {
            "filter": lambda keyframes: filter_rows(networks, with_stills(keyframes)),
            "frames": self._ingest.frame_codes,
            "solar": solar,
            "features": features,
        }
