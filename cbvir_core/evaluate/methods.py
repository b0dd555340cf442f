"""The three methods of ranking a gallery that are compared, and what each costs (MoReSo, Table I).

- `FILTER_METHOD` ranks every picture by MobileNetV2 alone.
- `REFINEMENT_METHOD` ranks every picture by SOLAR, which the paper calls the "state of the art".
- `MORESO_METHOD` shortlists a share of the gallery by MobileNetV2 and Euclidean distance, and ranks the
  shortlist by SOLAR and cosine.  The published code shortlists what lies within a fixed distance instead
  (`within_distance`), which is a method of its own here.

Neighbours are exact here, not those of ANNOY, so that the figures do not depend on an index.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.evaluate.efficiency import extraction_efficiency
from cbvir_core.evaluate.networks import DescribedPictures
from cbvir_core.search import SHORTLIST_SHARE
from cbvir_core.types import Rows

FILTER_METHOD, REFINEMENT_METHOD, MORESO_METHOD = "MobileNetV2", "SOLAR", "MoReSo"

PUBLISHED_DISTANCE = 0.82
"""The fixed distance of the published code, between rows of its own MobileNetV2."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankingMethod:
    """A method of ranking a described gallery, and how many of its N pictures each network describes.

    `rank(gallery, queries, number)` returns positions in the gallery, best first, for one query.  A picture
    that is not on the shortlist is not ranked, and so not found: the paper filters it out. `filtered(N)` and
    `refined(N)` are the numbers of pictures that the two networks describe; `other` names the network of a
    method that uses neither.
    """

    name: str
    rank: Callable[[DescribedPictures, DescribedPictures, int], Positions]
    filtered: Callable[[int], int]
    refined: Callable[[int], int]
    other: str | None = None

    def rows(self, described: DescribedPictures) -> Rows:
        """Return the rows by which the method ranks in the end."""
        if self.other is not None:
            return described.others[self.other].rows
        return described.filter.rows if self.name == FILTER_METHOD else refine_rows(described)

    def extraction_s(self, gallery: DescribedPictures) -> float:
        """Return the seconds of feature extraction on the gallery that one query needs."""
        return self._extraction_s(gallery, len(gallery))

    def query_s(self, queries: DescribedPictures) -> float:
        """Return the seconds that describing one query takes, by each network that the method uses."""
        return self._extraction_s(queries, 1)

    def _extraction_s(self, described: DescribedPictures, count: int) -> float:
        if self.other is not None:
            return count * described.others[self.other].mean_s
        refine_s = described.refine.mean_s if described.refine else 0.0
        return self.filtered(count) * described.filter.mean_s + self.refined(count) * refine_s

    def efficiency(self, gallery: DescribedPictures) -> float:
        """Return the feature extraction efficiency of Table IV in pictures per second."""
        return extraction_efficiency(len(gallery), self.extraction_s(gallery))


def ranking_methods(
    refined: bool, share: float = SHORTLIST_SHARE, others: Iterable[str] = ()
) -> tuple[RankingMethod, ...]:
    """Return the methods that can be compared; without a refinement the filter alone, and the others."""
    alone = RankingMethod(FILTER_METHOD, _by_filter, _all, _none)
    added = tuple(RankingMethod(name, _by_other(name), _none, _none, name) for name in others)
    if not refined:
        return (alone, *added)
    return moreso(share), RankingMethod(REFINEMENT_METHOD, _by_refine, _none, _all), alone, *added


def compared_methods(
    gallery: DescribedPictures,
    queries: DescribedPictures,
    share: float = SHORTLIST_SHARE,
    distance: float | None = None,
) -> tuple[RankingMethod, ...]:
    """Return `ranking_methods` for described pictures; with a distance, also MoReSo with that."""
    methods = ranking_methods(gallery.refine is not None, share, gallery.others)
    if distance is None or gallery.refine is None:
        return methods
    return methods[0], within_distance(distance, gallery, queries), *methods[1:]


def moreso(share: float) -> RankingMethod:
    """Return MoReSo with a shortlist of this share of the gallery (a tenth in the paper)."""

    def rank(gallery: DescribedPictures, queries: DescribedPictures, number: int) -> Positions:
        short = _by_filter(gallery, queries, number)[: shortlisted(len(gallery), share)]
        rows, query = refine_rows(gallery)[short], refine_rows(queries)[number]
        return short[nearest_first(rows, query)]

    return RankingMethod(MORESO_METHOD, rank, _all, lambda count: shortlisted(count, share))


def within_distance(distance: float, gallery: DescribedPictures, queries: DescribedPictures) -> RankingMethod:
    """Return MoReSo with a shortlist of what lies within a Euclidean distance by the filter.

    Its length differs from query to query, and it may be empty; what it costs is the mean of these queries.
    """

    def near(gallery: DescribedPictures, queries: DescribedPictures, number: int) -> Positions:
        found: Positions = np.flatnonzero(
            gallery.filter.rows @ queries.filter.rows[number] >= cosine_within(distance)
        )
        return found

    def rank(gallery: DescribedPictures, queries: DescribedPictures, number: int) -> Positions:
        short = near(gallery, queries, number)
        return short[nearest_first(refine_rows(gallery)[short], refine_rows(queries)[number])]

    lengths = [len(near(gallery, queries, number)) for number in range(len(queries))]
    mean = max(1, math.ceil(np.mean(lengths))) if lengths else 1
    return RankingMethod(f"{MORESO_METHOD}, within {distance:g}", rank, _all, lambda count: min(count, mean))


def cosine_within(distance: float) -> float:
    """Return the cosine of unit rows that are so far apart."""
    return 1.0 - distance**2 / 2.0


def shortlisted(count: int, share: float) -> int:
    """Return the size of a shortlist of `count` pictures: the share rounded up, at least one."""
    return min(count, max(1, math.ceil(share * count)))


def nearest_first(rows: Rows, query: Rows) -> Positions:
    """Return positions by descending cosine, which for unit rows is ascending Euclidean distance.

    Ties keep their order.
    """
    return np.argsort(-(rows @ query), kind="stable").astype(np.int64)


def refine_rows(described: DescribedPictures) -> Rows:
    """Return the rows of the refinement.  Raise ValueError where there was no refinement."""
    if described.refine is None:
        raise ValueError("these pictures have no descriptors of the refinement")
    return described.refine.rows


def _by_filter(gallery: DescribedPictures, queries: DescribedPictures, number: int) -> Positions:
    return nearest_first(gallery.filter.rows, queries.filter.rows[number])


def _by_refine(gallery: DescribedPictures, queries: DescribedPictures, number: int) -> Positions:
    return nearest_first(refine_rows(gallery), refine_rows(queries)[number])


def _by_other(name: str) -> Callable[[DescribedPictures, DescribedPictures, int], Positions]:
    return lambda gallery, queries, number: nearest_first(
        gallery.others[name].rows, queries.others[name].rows[number]
    )


def _all(count: int) -> int:
    return count


def _none(_: int) -> int:
    return 0
