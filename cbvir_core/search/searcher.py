"""One query from picture to answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.embed import Encoder
from cbvir_core.index import Index
from cbvir_core.search.answer import Scored, best_verdict, hits
from cbvir_core.search.gallery import Chosen, Everything, videos_within
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.prepare import Variant, is_blank, prepare
from cbvir_core.search.refine import Refiner, compare
from cbvir_core.search.scores import FILTER_DEFAULT, REFINE_DEFAULT, Calibration
from cbvir_core.search.shortlist import AT_LEAST, Gallery, Shortlist, shortlist
from cbvir_core.search.together import together
from cbvir_core.store import Generation, Store
from cbvir_core.types import Answer, Image

BLANK = "The picture shows one colour only, which appears in every video: nothing was looked for."
NO_REFINE = "The profile has no SOLAR weights: the filter stage answered alone."
EMPTY = "No keyframe has been indexed yet."
UNREFINED = (
    "{count} of the shortlisted keyframes wait for their SOLAR descriptor and are scored by the filter."
)


@dataclass
class _Clock:
    """Milliseconds per stage of one query, under the names of the answer's `stages_ms`."""

    started: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("prepare", "mobilenet", "shortlist", "solar", "refine"), 0.0)
    )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] += _ms_since(begun)


class Searcher:
    """Answers queries from one generation of descriptors.  Any number of threads may ask at once.

    The encoders must be those that made the generation; `refine_encoder` is None where there are no
    SOLAR weights.  Nothing that is handed in is closed here.
    """

    def __init__(
        self,
        store: Store,
        index: Index,
        generation: Generation,
        filter_encoder: Encoder,
        refine_encoder: Encoder | None = None,
        *,
        profile_name: str,
        options: SearchOptions = SearchOptions(),
        filter_scale: Calibration = FILTER_DEFAULT,
        refine_scale: Calibration = REFINE_DEFAULT,
    ) -> None:
        self._store, self._index, self._generation = store, index, generation
        self._filter, self._profile, self._options = filter_encoder, profile_name, options
        self._refiner = Refiner(store, generation, refine_encoder) if refine_encoder else None
        self._filter_scale, self._refine_scale = filter_scale, refine_scale

    def search(self, picture: Image, options: SearchOptions | None = None) -> Answer:
        """Where the picture appears.

        Raises InputError for a region outside the picture and UnknownVideo for an entry of `within`
        that names no video.
        """
        options = options or self._options
        clock = _Clock()
        with clock.stage("prepare"):
            variants = prepare(picture, options.region)
        gallery = self._gallery(options)
        if is_blank(variants[0].image) or not len(gallery):
            note = EMPTY if not len(gallery) else BLANK
            return self._answer(clock, gallery, options, None, (note,))
        with clock.stage("mobilenet"):
            rows = together(lambda variant: self._filter.encode([variant.image]), variants)
            queries = np.concatenate(rows)
        with clock.stage("shortlist"):
            # Without SOLAR the shortlist is the answer, and nobody reads more of it than was asked for.
            at_most = options.shortlist if self._refiner else min(options.shortlist, AT_LEAST)
            candidates = shortlist(gallery, queries, at_most, asked=options.top)
        scored, notes = self._scored(clock, variants, candidates)
        return self._answer(clock, gallery, options, scored, notes)

    def _gallery(self, options: SearchOptions) -> Gallery:
        if options.within:
            return Chosen(self._store, self._generation, videos_within(self._store, options.within))
        return Everything(self._index)

    def _scored(
        self, clock: _Clock, variants: list[Variant], candidates: Shortlist
    ) -> tuple[Scored, tuple[str, ...]]:
        """Scores of the candidates: by SOLAR where it is known, else by the filter."""
        scores = self._filter_scale.score(candidates.cosines())
        numbers = candidates.variants
        notes: tuple[str, ...] = () if self._refiner else (NO_REFINE,)
        if self._refiner is not None and len(candidates):
            with clock.stage("solar"):
                chosen, queries = self._refiner.query_rows(variants, candidates)
                rows, known = self._refiner.candidate_rows(candidates)
            with clock.stage("refine"):
                refined = compare(chosen, queries, rows, known)
                scores = np.where(known, self._refine_scale.score(refined.cosines), scores)
                numbers = np.where(known, refined.variants, numbers)
            notes = _unrefined(int((~known).sum()))
        names = tuple(variants[number].name for number in numbers)
        return Scored(candidates.rows, scores, names), notes

    def _answer(
        self,
        clock: _Clock,
        gallery: Gallery,
        options: SearchOptions,
        scored: Scored | None,
        notes: tuple[str, ...],
    ) -> Answer:
        with clock.stage("refine"):
            found = hits(self._store, scored, options) if scored else ()
        return Answer(
            verdict=best_verdict(found),
            results=found,
            took_ms=_ms_since(clock.started),
            stages_ms=clock.stages,
            keyframes_searched=len(gallery),
            shortlisted=len(scored.rows) if scored else 0,
            profile=self._profile,
            refined=self._refiner is not None,
            notes=notes,
        )


def _unrefined(count: int) -> tuple[str, ...]:
    return (UNREFINED.format(count=count),) if count else ()


def _ms_since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000.0
