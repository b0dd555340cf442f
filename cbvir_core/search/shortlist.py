"""The dynamic shortlist: which keyframes are worth refining (MoReSo, Table I, "Dynamic Shortlisting").

The rule, in this one place: the nearest ``SHORTLIST_SHARE`` of the keyframes searched, by Euclidean distance
between filter descriptors, at least ``MIN_SHORTLISTED`` and at most ``MAX_SHORTLISTED`` of them.  The paper
sets the threshold to 10 % of the data set's volume (Table IV).  The lower bound lets a small library refine
everything; the upper one keeps the answer's time flat as the library grows: of 100,000 rows 10 % would be
10,000, which hold 1.000 of the right ones, and 200 hold .999 (``bench.measure.shortlist``).

Without SOLAR nothing is refined, and ``MIN_SHORTLISTED`` is also the most.  A query for every scene that
shows the picture has a longer one, with SOLAR or without (`cbvir_core.search.bounds`).

Each variant of the picture is looked up by itself; a keyframe counts with its nearest variant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.index import Neighbours
from cbvir_core.search.gallery import Gallery
from cbvir_core.types import RowNumbers, Rows

SHORTLIST_SHARE = 0.10
MIN_SHORTLISTED = 50
MAX_SHORTLISTED = 200


@dataclass(frozen=True, slots=True)
class NearestKeyframes:
    """Keyframes in ascending distance by the filter, each with the number of its nearest variant."""

    rows: RowNumbers
    distances: npt.NDArray[np.float32]
    variants: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def with_keyframes(self, rows: RowNumbers, descriptors: Rows, queries: Rows) -> NearestKeyframes:
        """Return these and further keyframes, which have the `descriptors`; `queries` are the variants'."""
        if not len(rows):
            return self
        cosines = queries @ descriptors.T
        squares = np.maximum(0.0, 2.0 - 2.0 * cosines.max(axis=0)).astype(np.float32)
        return NearestKeyframes(
            np.concatenate([self.rows, rows]),
            np.concatenate([self.distances, np.sqrt(squares)]),
            np.concatenate([self.variants, cosines.argmax(axis=0)]),
        )

    def cosines(self) -> npt.NDArray[np.float64]:
        """Return the cosines of unit rows, exactly: ``1 - distance ** 2 / 2``."""
        return 1.0 - self.distances.astype(np.float64) ** 2 / 2.0


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Keyframes with their scores and the names of the variants that found them."""

    rows: RowNumbers
    scores: npt.NDArray[np.float64]
    variants: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def empty(cls) -> Shortlist:
        """Return a shortlist of no keyframe."""
        return cls(np.zeros(0, np.int64), np.zeros(0), ())

    def joined(self, other: Shortlist) -> Shortlist:
        """Return both together, the best score first; a keyframe of both has its higher score."""
        rows, scores = np.concatenate([self.rows, other.rows]), np.concatenate([self.scores, other.scores])
        order = np.argsort(-scores, kind="stable")
        _, first = np.unique(rows[order], return_index=True)
        kept = order[np.sort(first)]
        names = self.variants + other.variants
        return Shortlist(rows[kept], scores[kept], tuple(names[number] for number in kept))


def shortlist_length(searched: int, at_most: int = MAX_SHORTLISTED, at_least: int = 1) -> int:
    """Return how many of the keyframes searched are shortlisted, by the rule above.

    `at_least` is stronger than `at_most`.
    """
    share = max(MIN_SHORTLISTED, math.ceil(SHORTLIST_SHARE * searched))
    return min(searched, max(at_least, min(at_most, share)))


def nearest_keyframes(
    gallery: Gallery, queries: Rows, at_most: int = MAX_SHORTLISTED, at_least: int = 1
) -> NearestKeyframes:
    """Return the keyframes nearest to any of the queries (one descriptor for each variant)."""
    k = shortlist_length(len(gallery), at_most, at_least)
    none = Neighbours(np.zeros(0, np.int64), np.zeros(0, np.float32))
    found = gallery.nearest(queries, k) if k else [none]
    rows = np.concatenate([neighbours.rows for neighbours in found])
    distances = np.concatenate([neighbours.distances for neighbours in found])
    variants = np.repeat(np.arange(len(found)), [len(neighbours.rows) for neighbours in found])
    order = np.lexsort((variants, distances))
    _, first = np.unique(rows[order], return_index=True)
    best = order[np.sort(first)][:k]
    return NearestKeyframes(rows[best], distances[best], variants[best])
