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
NOT_READY = "SOLAR does not take part: {delay}; the filter stage answered alone."
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
        refiner, notes = self._refiner_for(options)
        if is_blank(variants[0].image) or not len(gallery):
            note = EMPTY if not len(gallery) else BLANK
            return self._answer(clock, gallery, options, None, refiner, (note,))
        with clock.stage("mobilenet"):
            rows = together(lambda variant: self._filter.encode([variant.image]), variants)
            queries = np.concatenate(rows)
        with clock.stage("shortlist"):
            # Without SOLAR the shortlist is the answer, and nobody reads more of it than was asked for.
            at_most = options.shortlist if refiner else min(options.shortlist, AT_LEAST)
            candidates = shortlist(gallery, queries, at_most, asked=options.top)
        scored = self._by_filter(variants, candidates)
        if refiner is not None and len(candidates):
            scored, notes = self._by_solar(clock, refiner, variants, candidates, scored)
        return self._answer(clock, gallery, options, scored, refiner, notes)

    def _gallery(self, options: SearchOptions) -> Gallery:
        if options.within:
            return Chosen(self._store, self._generation, videos_within(self._store, options.within))
        return Everything(self._index)

    def _refiner_for(self, options: SearchOptions) -> tuple[Refiner | None, tuple[str, ...]]:
        """Who refines this query; where nobody does, a note that says why."""
        if self._refiner is None:
            return None, (NO_REFINE,)
        delay = self._refiner.delay
        if delay is not None and not options.wait_for_refine:
            return None, (NOT_READY.format(delay=delay),)
        return self._refiner, ()

    def _by_filter(self, variants: list[Variant], candidates: Shortlist) -> Scored:
        names = tuple(variants[number].name for number in candidates.variants)
        return Scored(candidates.rows, self._filter_scale.score(candidates.cosines()), names)

    def _by_solar(
        self,
        clock: _Clock,
        refiner: Refiner,
        variants: list[Variant],
        candidates: Shortlist,
        filtered: Scored,
    ) -> tuple[Scored, tuple[str, ...]]:
        """SOLAR's scores where they are known, else the filter's."""
        with clock.stage("solar"):
            chosen, queries = refiner.query_rows(variants, candidates)
            rows, known = refiner.candidate_rows(candidates)
        with clock.stage("refine"):
            refined = compare(chosen, queries, rows, known)
            scores = np.where(known, self._refine_scale.score(refined.cosines), filtered.scores)
            numbers = np.where(known, refined.variants, candidates.variants)
            names = tuple(variants[number].name for number in numbers)
        return Scored(candidates.rows, scores, names), _unrefined(int((~known).sum()))

    def _answer(
        self,
        clock: _Clock,
        gallery: Gallery,
        options: SearchOptions,
        scored: Scored | None,
        refiner: Refiner | None,
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
            refined=refiner is not None,
            notes=notes,
        )


def _unrefined(count: int) -> tuple[str, ...]:
    return (UNREFINED.format(count=count),) if count else ()


def _ms_since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000.0
