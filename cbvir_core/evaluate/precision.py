"""Average precision and precision at k, as the revisited Oxford and Paris protocol defines them.

Radenovic, Iscen, Tolias, Avrithis, Chum, *Revisiting Oxford and Paris*, CVPR 2018: by trapezoids.  The
published code of MoReSo counts by rectangles (`rectangular_precision`), and its paper does not say which.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RankingOutcome:
    """The result of one query.

    `found` are the zero-based positions of its positives in the ranking without junk, ascending.
    `positives` is the number of all positives; those that are not in `found` were not ranked.
    """

    found: tuple[int, ...]
    positives: int


def judge(
    ranking: Iterable[Item], positives: Collection[Item], junk: Collection[Item] = ()
) -> RankingOutcome:
    """Judge a ranking, best first, as if junk were not in it.

    An item that is both positive and junk counts as positive.
    """
    good, ignored = set(positives), set(junk) - set(positives)
    counted = (item for item in ranking if item not in ignored)
    return RankingOutcome(tuple(at for at, item in enumerate(counted) if item in good), len(good))


def average_precision(found: Sequence[int], positives: int) -> float:
    """Return the area under the precision-recall curve, by trapezoids.

    The j-th positive (from 0) at position r adds a step of recall 1 / positives, whose height is the
    mean of the precision before it, j / r (1 where r is 0), and with it, (j + 1) / (r + 1).
    Positives that were not ranked add nothing.  Raise ValueError where there is no positive.
    """
    if positives < 1:
        raise ValueError("average precision needs at least one positive")
    heights = (((j / r if r else 1.0) + (j + 1) / (r + 1)) / 2 for j, r in enumerate(found))
    return sum(heights) / positives


def rectangular_precision(found: Sequence[int], positives: int, top: int | None = None) -> float:
    """Return the area under the precision-recall curve, by rectangles.

    The j-th positive (from 0) at position r adds a step of recall 1 / positives, whose height is the
    precision with it, (j + 1) / (r + 1).  With `top`, only that many ranks count, and still all positives
    divide: with 10, that is the average precision of MoReSo's published code.  Raise ValueError where there
    is no positive.
    """
    if positives < 1:
        raise ValueError("average precision needs at least one positive")
    return sum((j + 1) / (r + 1) for j, r in enumerate(found) if top is None or r < top) / positives


def mean_rectangular_precision(outcomes: Iterable[RankingOutcome], top: int | None = None) -> float | None:
    """Return the mean of `rectangular_precision` over queries that have positives; None where none has."""
    each = [rectangular_precision(one.found, one.positives, top) for one in outcomes if one.positives]
    return fmean(each) if each else None


def precision_at(outcome: RankingOutcome, k: int) -> float:
    """Return the share of positives among the first k.

    As in the protocol, where all positives rank before k, their number is divided by the rank of the
    last one, so that a query with few positives can reach 1.  Where positives are missing from the
    ranking, it is divided by k.  Raise ValueError where there is no positive.
    """
    if outcome.positives < 1:
        raise ValueError("precision needs at least one positive")
    complete = len(outcome.found) == outcome.positives
    reach = min(k, outcome.found[-1] + 1) if complete else k
    return sum(position < reach for position in outcome.found) / reach


def mean_average_precision(outcomes: Iterable[RankingOutcome]) -> float | None:
    """Return the mAP in [0, 1] over the queries that have positives; None where none has."""
    each = [average_precision(one.found, one.positives) for one in outcomes if one.positives]
    return fmean(each) if each else None


def mean_precision_at(outcomes: Iterable[RankingOutcome], k: int) -> float | None:
    """Return mP@k in [0, 1] over the queries that have positives; None where none has."""
    each = [precision_at(one, k) for one in outcomes if one.positives]
    return fmean(each) if each else None
