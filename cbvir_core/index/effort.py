"""Tuning of the search effort: how far a segment must be searched, measured against exact neighbours.

No formula holds.  For recall@100 of .98 at 30,000 rows, strongly clustered ones needed 10,000 nodes;
at 100,000 rows, mixtures of real MobileNet descriptors needed 80,000, while ANNOY's own default, trees
times neighbours, gave .59.  Recall depends on the nodes visited and hardly on the number of trees.  The
projection costs neighbours too: of the first set, .999 of the 100 nearest are among the nearest 200 of
their projections; of the second, .993 among the nearest 300.  So every segment is tuned when it is built,
with a few queries whose exact neighbours are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cbvir_core.index.item_search import ItemSearch
from cbvir_core.index.pause import Pause
from cbvir_core.types import RowNumbers, Rows

TUNED_NEIGHBOURS = 100
"""Neighbours per query that the effort is tuned for: what is held is recall@100."""

TUNING_QUERIES = 48
MIXED_SHARE = 0.2
"""Share of another row in a tuning query.  That moves a descriptor about as far as a crop or a caption
does, and is harder than a query that is a row itself."""

CANDIDATE_COUNTS = (150, 200, 300, 400, 600, 800, 1200)
PROJECTION_LOSS = 0.007  # recall that the projection may cost, of the 0.015 or so that all may


@dataclass(frozen=True, slots=True)
class SearchEffort:
    """For `TUNED_NEIGHBOURS` neighbours: candidates to measure exactly, nodes to visit or lists to scan, and
    the recall reached."""

    candidates: int
    search_k: int
    recall: float


class NearestItems:
    """The nearest `count` items of each query among the vectors given so far.

    Items are numbered as in the segment; `queries` are M x D.
    """

    def __init__(self, queries: Rows, count: int) -> None:
        self._queries = queries
        self.count = count
        self._items = np.zeros((len(queries), 0), dtype=np.int64)
        self._squares = np.zeros((len(queries), 0), dtype=np.float32)

    def update(self, first_item: int, vectors: Rows) -> None:
        """Take in vectors, whose item numbers go up from `first_item`."""
        squares = np.einsum("ij,ij->i", vectors, vectors) - 2.0 * (self._queries @ vectors.T)
        items = np.broadcast_to(np.arange(first_item, first_item + len(vectors)), squares.shape)
        squares = np.concatenate([self._squares, squares], axis=1)
        items = np.concatenate([self._items, items], axis=1)
        if squares.shape[1] > self.count:
            best = np.argpartition(squares, self.count - 1, axis=1)[:, : self.count]
            squares = np.take_along_axis(squares, best, axis=1)
            items = np.take_along_axis(items, best, axis=1)
        self._squares, self._items = squares, items

    def first(self, count: int) -> list[RowNumbers]:
        """Return the `count` nearest items of each query, nearest first."""
        order = np.argsort(self._squares, axis=1)[:, :count]
        return list(np.take_along_axis(self._items, order, axis=1))


def tuning_queries(sample: Rows) -> Rows:
    """Return unit rows that lie near rows of the sample, the same for the same sample."""
    rng = np.random.default_rng(len(sample))
    one, other = rng.integers(0, len(sample), (2, TUNING_QUERIES))
    mixed = (1.0 - MIXED_SHARE) * sample[one] + MIXED_SHARE * sample[other]
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    queries: Rows = (mixed / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
    return queries


def mean_recall(truth: list[RowNumbers], answers: list[RowNumbers]) -> float:
    """Return the mean share of the exact neighbours that are among the answers."""
    shares = [np.isin(exact, found).mean() for exact, found in zip(truth, answers, strict=True)]
    return float(np.mean(shares))


def tuned_effort(
    search: ItemSearch,
    projected: Rows,
    truth: list[RowNumbers],
    nearest_projected: NearestItems,
    target_recall: float,
    pause: Pause,
) -> SearchEffort:
    """Return the least effort, in steps, that reaches `target_recall` or what the projection allows of it.

    `projected` are the projected queries, `truth` the exact neighbours of the queries among the items,
    and `nearest_projected` the nearest projected items of the projected queries.
    """
    candidates, ceiling = fewest_candidates(truth, nearest_projected, target_recall)
    return least_effort(
        search, projected, truth, candidates, min(target_recall, ceiling - PROJECTION_LOSS / 2), pause
    )


def coded_effort(
    search: ItemSearch, projected: Rows, truth: list[RowNumbers], target_recall: float, pause: Pause
) -> SearchEffort:
    """Return the least effort where codes, and not the projection, decide how many candidates are needed."""
    most, ceiling = search.efforts[1], 0.0
    for candidates in CANDIDATE_COUNTS:
        ceiling = mean_recall(truth, _found(search, projected, candidates, most, pause))
        if ceiling >= target_recall + PROJECTION_LOSS / 2:
            break
    return least_effort(
        search, projected, truth, candidates, min(target_recall, ceiling - PROJECTION_LOSS / 2), pause
    )


def least_effort(
    search: ItemSearch,
    projected: Rows,
    truth: list[RowNumbers],
    candidates: int,
    target: float,
    pause: Pause,
) -> SearchEffort:
    """Return the first effort, in steps, at which so many candidates reach the recall `target`."""
    effort, most, growth = search.efforts
    while True:
        reached = mean_recall(truth, _found(search, projected, candidates, effort, pause))
        if reached >= target or effort >= most:
            return SearchEffort(candidates, effort, reached)
        effort = min(most, max(effort + 1, round(effort * growth)))


def _found(
    search: ItemSearch, projected: Rows, candidates: int, effort: int, pause: Pause
) -> list[RowNumbers]:
    found = []
    for vector in projected:
        found.append(search.nearest(vector, candidates, effort).items)
        pause()
    return found


def fewest_candidates(
    truth: list[RowNumbers], nearest_projected: NearestItems, target_recall: float
) -> tuple[int, float]:
    """Return the fewest candidates at which the projection loses little, and the recall that they allow."""
    ceiling = 0.0
    for count in (one for one in CANDIDATE_COUNTS if one <= nearest_projected.count):
        ceiling = mean_recall(truth, nearest_projected.first(count))
        if ceiling >= target_recall + PROJECTION_LOSS:
            break
    return count, ceiling
