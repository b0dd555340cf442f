"""Queries with perturbed frames of the library's own videos: their time by stage, and how many are right."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cbvir_core.calibration import PERTURBATIONS, KnownFrame, KnownFrames
from cbvir_core.search import Searcher, SearchOptions
from cbvir_core.types import Answer

DESCRIPTORS_ALONE = SearchOptions(verify="never", exact_time_s=0.0, regions=False)
"""A query that compares descriptors and does nothing more."""

QuestionsAsked = Callable[[], None]
"""Called after each question."""


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """How queries were answered, and their times in milliseconds.

    - `asked`: the number of pictures; 0 where the library has nothing to ask about, and all else is 0 too.
    - `right`: the share whose scene, or one beside it, is named first; `matches`: that and called a match.
    - `false_matches`: the share that is called a match where the picture's own video is left out.  A copy of
      a scene in another video counts here, though it is none.
    - `p50_ms`, `p95_ms`: of whole queries.
    """

    asked: int
    right: float
    matches: float
    false_matches: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class QueryMeasure(QueryFigures):
    """Figures of queries by stage.

    - `stages_ms`: the mean time of each stage.
    - `descriptors_p50_ms`, `descriptors_p95_ms`: of queries that only compare descriptors.
    """

    stages_ms: dict[str, float]
    descriptors_p50_ms: float
    descriptors_p95_ms: float


def measure_queries(
    known: KnownFrames, searcher: Searcher, count: int, seed: int, told: QuestionsAsked = lambda: None
) -> QueryMeasure:
    """Ask about known scenes by chance: with every stage, by descriptors alone, and without their videos.

    The same `seed` asks the same questions.
    """
    rng = np.random.default_rng(seed)
    whole, alone, absent, right = list[Answer](), list[Answer](), list[Answer](), list[bool]()
    rows = rng.choice(known.rows, count).tolist() if known.rows else []
    for number, row in enumerate(rows):
        frame = known.frame(row, rng)
        if frame is not None:
            picture = PERTURBATIONS[number % len(PERTURBATIONS)](frame.image, rng)
            whole.append(searcher.search(picture))
            alone.append(searcher.search(picture, DESCRIPTORS_ALONE))
            own = frozenset({frame.keyframe.keyframe_id.video})
            absent.append(searcher.search(picture, SearchOptions(without=own)))
            right.append(_named_first(frame, whole[-1]))
        told()
    return _summary(whole, alone, absent, right)


def _named_first(frame: KnownFrame, answer: Answer) -> bool:
    """Return whether the answer's first hit is in the frame's scene, or in one that touches it."""
    if not answer.results:
        return False
    hit, scene = answer.results[0], frame.keyframe
    return (
        hit.keyframe_id.video == scene.keyframe_id.video
        and hit.scene_start_s <= scene.scene_end_s
        and scene.scene_start_s <= hit.scene_end_s
    )


def _summary(
    whole: Sequence[Answer], alone: Sequence[Answer], absent: Sequence[Answer], right: Sequence[bool]
) -> QueryMeasure:
    if not whole:
        return QueryMeasure(0, 0.0, 0.0, 0.0, 0.0, 0.0, {}, 0.0, 0.0)
    matches = [is_right and answer.verdict == "match" for is_right, answer in zip(right, whole, strict=True)]
    stages = {
        stage: statistics.fmean(answer.stages_ms[stage] for answer in whole) for stage in whole[0].stages_ms
    }
    p50, p95 = np.percentile([answer.took_ms for answer in whole], [50, 95])
    alone_p50, alone_p95 = np.percentile([answer.took_ms for answer in alone], [50, 95])
    return QueryMeasure(
        asked=len(whole),
        right=statistics.fmean(right),
        matches=statistics.fmean(matches),
        false_matches=statistics.fmean(answer.verdict == "match" for answer in absent),
        p50_ms=float(p50),
        p95_ms=float(p95),
        stages_ms=stages,
        descriptors_p50_ms=float(alone_p50),
        descriptors_p95_ms=float(alone_p95),
    )
