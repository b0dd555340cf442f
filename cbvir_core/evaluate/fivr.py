"""FIVR-200K: mAP and micro-AP of its three tasks, from scores of videos.

Kordopatis-Zilos, Papadopoulos, Patras, Kompatsiaris, *FIVR: Fine-grained Incident Video Retrieval*, IEEE
Transactions on Multimedia 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from cbvir_core.errors import InputError
from cbvir_core.evaluate.fivr_files import FivrAnnotation, VideoScores
from cbvir_core.evaluate.scored import ItemScores, rectangular_average_precision
from cbvir_core.types import RowMask

FivrTask = Literal["DSVR", "CSVR", "ISVR"]

FIVR_TASK_LABELS: dict[FivrTask, tuple[str, ...]] = {
    "DSVR": ("ND", "DS"),
    "CSVR": ("ND", "DS", "CS"),
    "ISVR": ("ND", "DS", "CS", "IS"),
}
"""For each task the labels of its positives: duplicate scene, complementary scene, incident scene."""


@dataclass(frozen=True, slots=True)
class FivrResult:
    """One task.  mAP and micro-AP are in [0, 1], None where no query has a positive.

    `average_precisions` has a value for each query that counts; `positives` are their positives at hand.
    """

    task: FivrTask
    mean_ap: float | None
    micro_ap: float | None
    queries: int
    positives: int
    videos: int
    average_precisions: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredQuery:
    """A query: the scores of N videos, which of them are positives, and the number of all positives."""

    scores: ItemScores
    relevant: RowMask
    positives: int


def videos_at_hand(
    annotation: FivrAnnotation, scores: VideoScores, named: frozenset[str] | None
) -> frozenset[str]:
    """Return the videos that may be found: those that are named, else the annotation's, else all scored."""
    if named is not None:
        return named
    if annotation.videos is not None:
        return annotation.videos
    return frozenset(video for each in scores.values() for video in each)


def evaluate_fivr(
    annotation: FivrAnnotation, scores: VideoScores, videos: frozenset[str]
) -> list[FivrResult]:
    """Return mAP and micro-AP of the three tasks.

    A query is never its own answer.  Only `videos` are ranked, and only they are positives; a positive
    without a score counts as not found.  A query that has no scores, or no positive among `videos`, does not
    count.  micro-AP pools the pairs of all queries in one ranking: it asks for one threshold that fits all.
    Raise InputError where no query of the annotation has scores.
    """
    asked = [query for query in annotation.labels if query in scores]
    if not asked:
        raise InputError("no query of the annotation has scores")
    results = []
    for task, labels in FIVR_TASK_LABELS.items():
        scored = {
            query: _scored(query, scores[query], _positives(annotation, query, labels) & videos, videos)
            for query in asked
        }
        results.append(_result(task, {name: one for name, one in scored.items() if one.positives}, videos))
    return results


def _positives(annotation: FivrAnnotation, query: str, labels: tuple[str, ...]) -> frozenset[str]:
    sets = annotation.labels[query]
    return frozenset().union(*(sets.get(label, frozenset()) for label in labels)) - {query}


def _scored(
    query: str, scores: Mapping[str, float], positives: frozenset[str], videos: frozenset[str]
) -> ScoredQuery:
    ranked = [video for video in scores if video != query and video in videos]
    return ScoredQuery(
        np.array([scores[video] for video in ranked], np.float64),
        np.array([video in positives for video in ranked], np.bool_),
        len(positives),
    )


def _result(task: FivrTask, scored: Mapping[str, ScoredQuery], videos: frozenset[str]) -> FivrResult:
    each = {
        name: rectangular_average_precision(one.scores, one.relevant, one.positives)
        for name, one in scored.items()
    }
    positives = sum(one.positives for one in scored.values())
    micro_ap = None
    if scored:
        scores = np.concatenate([one.scores for one in scored.values()])
        relevant = np.concatenate([one.relevant for one in scored.values()])
        micro_ap = rectangular_average_precision(scores, relevant, positives)
    return FivrResult(
        task, fmean(each.values()) if each else None, micro_ap, len(each), positives, len(videos), each
    )
