"""Systems that answer queries: a descriptor with exact search, or a filter with a refined shortlist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from bench.retrieval.descriptors import Descriptor, NetworkDescriptor
from cbvir_core.embed import Encoder
from cbvir_core.index import Neighbours
from cbvir_core.search import REFINE_SCALE, ScoreScale
from cbvir_core.search.refine import Refiner, refined_cosines
from cbvir_core.search.shortlist import nearest_keyframes
from cbvir_core.search.variants import Variant
from cbvir_core.store import Generation, Store
from cbvir_core.types import Rows


@dataclass(frozen=True, slots=True)
class Ranking:
    """Numbers of the retrieved corpus entries, best first, and their scores."""

    entries: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


@dataclass(frozen=True)
class RetrievalSystem:
    """One line of the tables.  Without `refine` the exact search by the filter is the answer."""

    name: str
    filter: Descriptor
    refine: NetworkDescriptor | None = None
    scale: ScoreScale = REFINE_SCALE

    def descriptors(self) -> list[Descriptor]:
        """Return the descriptors that the corpus needs."""
        return [self.filter, *([self.refine] if self.refine else [])]


class ExactGallery:
    """A gallery that compares a query with every entry of the corpus."""

    rows = None

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return for each query row the k nearest entries by Euclidean distance, ascending."""
        found: list[Neighbours] = []
        for cosines in queries @ self._rows.T:
            order = np.argsort(-cosines, kind="stable")[:k]
            distances = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * cosines[order]))
            found.append(Neighbours(order.astype(np.int64), distances.astype(np.float32)))
        return found


class CorpusRefineRows:
    """SOLAR rows of the corpus; it stands in for the store that the refinement reads."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def refine_rows(
        self, generation: Generation, rows: npt.NDArray[np.int64]
    ) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Return the rows of these entries; none is missing."""
        return self._rows[rows], np.ones(len(rows), np.bool_)


class DescribedSystem:
    """A system with the rows of the corpus."""

    def __init__(self, system: RetrievalSystem, rows: Sequence[Rows]) -> None:
        """Take the rows of the corpus by each of ``system.descriptors()``."""
        self.system = system
        self._rows, self._gallery = rows[0], ExactGallery(rows[0])
        self._refiner = None
        if system.refine is not None:
            self._refiner = _refiner(system.refine.encoder, rows[1])

    def answer(self, variants: Sequence[Variant], queries: Rows) -> Ranking:
        """Rank the corpus for a picture, given its variants and their rows by the filter.

        An entry has the score of the variant that it is nearest to.  A refined system retrieves only its
        shortlist, by the rules of `cbvir_core.search`: shortlist, variants, comparison and score scale.
        """
        if self._refiner is None:
            cosines = (queries @ self._rows.T).max(axis=0).astype(np.float64)
            order = np.argsort(-cosines, kind="stable")
            return Ranking(order, cosines[order])
        candidates = nearest_keyframes(self._gallery, queries)
        chosen, refined_queries = self._refiner.query_rows(variants, candidates)
        rows, known = self._refiner.keyframe_rows(candidates)
        cosines = refined_cosines(chosen, refined_queries, rows, known).cosines
        scores = self.system.scale.score(cosines)
        order = np.argsort(-scores, kind="stable")
        return Ranking(candidates.rows[order], scores[order])


def _refiner(encoder: Encoder, rows: Rows) -> Refiner:
    """The search's refiner over rows in memory: of the store it only reads, and nothing is missing."""
    store = cast(Store, CorpusRefineRows(rows))
    return Refiner(store, Generation(1, "filter", encoder.fingerprint), encoder)
