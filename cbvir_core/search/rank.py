"""Variants of a picture -> keyframes with the scores of their descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cbvir_core.embed import Encoder
from cbvir_core.search.answer import Scored
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.parallel import together
from cbvir_core.search.prepare import Variant
from cbvir_core.search.refine import Refiner, compare
from cbvir_core.search.scores import Calibration
from cbvir_core.search.shortlist import AT_LEAST, Gallery, Shortlist, shortlist
from cbvir_core.search.stages import StageClock

UNREFINED = (
    "{count} of the shortlisted keyframes wait for their SOLAR descriptor and are scored by the filter."
)


@dataclass(frozen=True, slots=True)
class Ranker:
    """Scores keyframes by the filter and, where a refiner is handed in, by SOLAR."""

    encoder: Encoder
    filter_scale: Calibration
    refine_scale: Calibration

    def rank(
        self,
        variants: Sequence[Variant],
        gallery: Gallery,
        refiner: Refiner | None,
        options: SearchOptions,
        clock: StageClock,
    ) -> tuple[Scored, tuple[str, ...]]:
        """The shortlist with its scores, and notes on it."""
        with clock.stage("mobilenet"):
            rows = together(lambda variant: self.encoder.encode([variant.image]), variants)
            queries = np.concatenate(rows)
        with clock.stage("shortlist"):
            # Without SOLAR the shortlist is the answer, and nobody reads more of it than was asked for.
            at_most = options.shortlist if refiner else min(options.shortlist, AT_LEAST)
            listed = shortlist(gallery, queries, at_most, asked=options.listed)
        names = tuple(variants[number].name for number in listed.variants)
        scored = Scored(listed.rows, self.filter_scale.score(listed.cosines()), names)
        if refiner is None or not len(listed):
            return scored, ()
        return self._refined(variants, listed, scored, refiner, clock)

    def _refined(
        self,
        variants: Sequence[Variant],
        listed: Shortlist,
        filtered: Scored,
        refiner: Refiner,
        clock: StageClock,
    ) -> tuple[Scored, tuple[str, ...]]:
        """SOLAR's scores where they are known, else the filter's."""
        with clock.stage("solar"):
            chosen, queries = refiner.query_rows(variants, listed)
            rows, known = refiner.candidate_rows(listed)
        with clock.stage("refine"):
            refined = compare(chosen, queries, rows, known)
            scores = np.where(known, self.refine_scale.score(refined.cosines), filtered.scores)
            numbers = np.where(known, refined.variants, listed.variants)
            names = tuple(variants[number].name for number in numbers)
        unrefined = int((~known).sum())
        notes = (UNREFINED.format(count=unrefined),) if unrefined else ()
        return Scored(listed.rows, scores, names), notes
