"""The figures of a system, computed from its answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FALSE_SHARE = 0.01
"""Share of the queries without a right answer that may get one: one in a hundred."""


@dataclass(frozen=True, slots=True)
class RetrievalOutcome:
    """The outcome of a query whose picture is in the corpus.

    `score` is that of the first answer.  `video` and `scene` tell whether the first answer is right.
    `precision` is the average precision over all answers.
    """

    score: float
    video: bool
    scene: bool
    precision: float


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """Shares in [0, 1] over `queries` queries.

    - `video`: recall@1 of the video: the first answer is a keyframe of the right video or of a
      version of it.
    - `scene`: recall@1 of the scene: besides, the span of its scene contains the time of the query.
    - `precision`: mean average precision over the keyframes of the right scenes.
    - `sure`: recall of the video at 1 % false answers: the first answer is right as for `video`, and its
      score lies above the threshold that 1 % of the queries from outside the corpus reach.
    - `sure_clips`: the same with the threshold of the clips that were left out alone.
    """

    queries: int
    video: float
    scene: float
    precision: float
    sure: float
    sure_clips: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores above which an answer counts: at 1 % of all outside queries, and of those of clips alone."""

    outside: float
    clips: float

    @classmethod
    def of(cls, left_out: Sequence[float], foreign: Sequence[float]) -> Thresholds:
        """Make them from the scores of first answers to clips left out and to foreign photographs."""
        return cls(threshold([*left_out, *foreign]), threshold(left_out or foreign))


def average_precision(relevant: npt.NDArray[np.bool_], total: int) -> float:
    """Return the mean, over all `total` relevant answers, of the precision at the rank of each.

    `relevant` is in the order of the answers and may end early: a relevant one that was not retrieved
    counts with precision 0.  Raise ValueError where nothing is relevant.
    """
    if total < 1:
        raise ValueError("average precision needs at least one relevant answer")
    ranks = np.flatnonzero(relevant) + 1
    return float(np.sum(np.arange(1, len(ranks) + 1) / ranks) / total)


def threshold(scores: Sequence[float], share: float = FALSE_SHARE) -> float:
    """Return the score that at most `share` of these scores exceed.

    It is one of the scores; where several are equal, fewer exceed it, never more.  Raise ValueError for
    no scores.
    """
    if not scores:
        raise ValueError("a threshold needs the scores of queries that have no right answer")
    allowed = math.floor(share * len(scores) + 1e-9)
    return sorted(scores, reverse=True)[min(allowed, len(scores) - 1)]


def figures(outcomes: Sequence[RetrievalOutcome], above: Thresholds) -> RetrievalFigures:
    """Return the shares over these queries.  Raise ValueError for no query."""
    if not outcomes:
        raise ValueError("figures need at least one query")
    return RetrievalFigures(
        queries=len(outcomes),
        video=_mean([outcome.video for outcome in outcomes]),
        scene=_mean([outcome.scene for outcome in outcomes]),
        precision=_mean([outcome.precision for outcome in outcomes]),
        sure=_mean([outcome.video and outcome.score > above.outside for outcome in outcomes]),
        sure_clips=_mean([outcome.video and outcome.score > above.clips for outcome in outcomes]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
