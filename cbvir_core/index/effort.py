"""How far ANNOY must look: measured on each segment, against exact neighbours.

No formula holds.  For recall@100 of .98 at 30,000 rows, strongly clustered ones needed 10,000 nodes;
at 100,000 rows, mixtures of real MobileNet descriptors needed 80,000, while ANNOY's own default, trees
times neighbours, gave .59.  Recall follows the nodes visited and hardly the number of trees.  The
projection costs neighbours too: the 100 nearest of the first are to .999 among the nearest 200 of
their projections, those of the second to .993 among 300.  So every segment is asked a few questions
of which the answer is known, when it is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex

from cbvir_core.types import Rows

Numbers = npt.NDArray[np.int64]

NEIGHBOURS = 100
"""Neighbours per question: recall@100 is what is held."""

QUESTIONS = 48
MIXED = 0.2
"""Share of another row in a question: about what a crop or a caption does to a descriptor, and harder
than asking for a row itself."""

CANDIDATES = (150, 200, 300, 400, 600, 800, 1200)
LOSS = 0.007  # recall that the projection may cost, of the 0.015 or so that all may
FIRST_EFFORT = 512
STEP = 1.4


@dataclass(frozen=True, slots=True)
class Effort:
    """For `NEIGHBOURS` neighbours: candidates to measure exactly, nodes to visit, recall reached."""

    candidates: int
    search_k: int
    recall: float


class Nearest:
    """The nearest `count` items of each question among the rows seen so far."""

    def __init__(self, questions: Rows, count: int) -> None:
        self._questions = questions
        self._count = count
        self._items = np.zeros((len(questions), 0), dtype=np.int64)
        self._squares = np.zeros((len(questions), 0), dtype=np.float32)

    def see(self, first_item: int, vectors: Rows) -> None:
        """Takes in rows, whose item numbers go up from `first_item`."""
        squares = np.einsum("ij,ij->i", vectors, vectors) - 2.0 * (self._questions @ vectors.T)
        items = np.broadcast_to(np.arange(first_item, first_item + len(vectors)), squares.shape)
        squares = np.concatenate([self._squares, squares], axis=1)
        items = np.concatenate([self._items, items], axis=1)
        if squares.shape[1] > self._count:
            best = np.argpartition(squares, self._count - 1, axis=1)[:, : self._count]
            squares = np.take_along_axis(squares, best, axis=1)
            items = np.take_along_axis(items, best, axis=1)
        self._squares, self._items = squares, items

    def first(self, count: int) -> list[Numbers]:
        """Per question the `count` nearest items, ascending."""
        order = np.argsort(self._squares, axis=1)[:, :count]
        return list(np.take_along_axis(self._items, order, axis=1))


def questions_from(sample: Rows) -> Rows:
    """Unit rows that lie near rows of the sample, the same for the same sample."""
    chance = np.random.default_rng(len(sample))
    one, other = chance.integers(0, len(sample), (2, QUESTIONS))
    mixed = (1.0 - MIXED) * sample[one] + MIXED * sample[other]
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    questions: Rows = (mixed / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
    return questions


def recall(truth: list[Numbers], answers: list[Numbers]) -> float:
    """The mean share of the exact neighbours that are among the answers."""
    return float(np.mean([np.isin(exact, found).mean() for exact, found in zip(truth, answers, strict=True)]))


def calibrated(
    trees: AnnoyIndex, projected: Rows, truth: list[Numbers], shadows: Nearest, goal: float
) -> Effort:
    """The least effort that reaches the recall `goal`, in steps, or comes as near as the projection lets.

    `projected` are the questions as the trees know them, `truth` their exact neighbours among the
    items, and `shadows` the nearest items of the projected questions.
    """
    candidates, ceiling = _candidates(truth, shadows, goal)
    target = min(goal, ceiling - LOSS / 2)
    everything = trees.get_n_items() * trees.get_n_trees()
    vectors = projected.tolist()
    effort = min(FIRST_EFFORT, everything)
    while True:
        found = [np.array(trees.get_nns_by_vector(v, candidates, effort), dtype=np.int64) for v in vectors]
        if (reached := recall(truth, found)) >= target or effort >= everything:
            return Effort(candidates, effort, reached)
        effort = min(everything, round(effort * STEP))


def _candidates(truth: list[Numbers], shadows: Nearest, goal: float) -> tuple[int, float]:
    """The fewest candidates with which the projection loses little, and the recall that they allow."""
    ceiling = 0.0
    for count in CANDIDATES:
        ceiling = recall(truth, shadows.first(count))
        if ceiling >= goal + LOSS:
            break
    return count, ceiling
