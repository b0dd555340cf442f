"""The outcome of one query, and the figures over many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.answers.frame import FrameChecker
from bench.retrieval.clips import family
from bench.retrieval.perturbations import UNEDITED
from bench.retrieval.questions import SCENE_TOLERANCE_S, BenchmarkQuery
from cbvir_core.calibration import calibration_error
from cbvir_core.types import Answer, Hit, Verdict

PERTURBED_TOLERANCE_S = 0.5
"""Largest error in time that counts as right for a perturbed query."""


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """One query and the first hit of its answer.

    `video` and `scene` tell whether these are right; a version of the clip is right as well.  `off_s` is
    the error in time where the video is right.  `exact` tells whether it is at most one frame.  `same`
    is true where `exact` is, or where the frame at that time shows exactly what an unedited query shows.
    """

    role: str
    kind: str
    key: str
    verdict: str
    score: float
    hit: str
    video: bool
    scene: bool
    off_s: float | None
    exact: bool
    same: bool
    took_ms: float
    stages_ms: dict[str, float]


def judge(query: BenchmarkQuery, answer: Answer, frames: FrameChecker) -> AnswerOutcome:
    """Judge the first hit of an answer."""
    best = answer.results[0] if answer.results else None
    video = best is not None and query.role == "asked" and family(best.path.name) == query.family
    off_s = abs(best.time_s - query.time_s) if best is not None and video else None
    exact = best is not None and off_s is not None and frames.within_one(best, off_s)
    return AnswerOutcome(
        role=query.role,
        kind=query.kind,
        key=query.key,
        verdict=answer.verdict.value,
        score=best.score if best else 0.0,
        hit=f"{best.path.name}@{best.time_s:.3f} {best.variant}" if best else "",
        video=video,
        scene=best is not None and video and _in_scene(best, query.time_s),
        off_s=off_s,
        exact=exact,
        same=exact or (best is not None and video and frames.same(query, best)),
        took_ms=answer.took_ms,
        stages_ms=answer.stages_ms,
    )


def _in_scene(hit: Hit, time_s: float) -> bool:
    return hit.scene_start_s - SCENE_TOLERANCE_S <= time_s <= hit.scene_end_s + SCENE_TOLERANCE_S


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """Shares in [0, 1] and times in milliseconds; NaN where there was no such query.

    - `video`, `scene`: recall@1 over the queries that have an answer; all perturbations count alike.
    - `worst`, `worst_kind`: recall@1 of the scene for the perturbation for which it is least.
    - `called`, `offered`: right scenes with the verdict match; with match or likely.
    - `false`: queries without an answer that get a match.
    - `exact`: unedited queries whose time is off by one frame at most.
    - `same`: unedited queries whose time is exact, or that of a frame that shows the same picture.
    - `near`: perturbed queries whose time is off by `PERTURBED_TOLERANCE_S` at most.
    - `error`: expected calibration error of the probability of the first hit; `asked_error`: the same over
      the queries that have an answer.
    """

    questions: int
    video: float
    scene: float
    worst: float
    worst_kind: str
    called: float
    offered: float
    false: float
    exact: float
    same: float
    near: float
    error: float
    asked_error: float
    p50_ms: float
    p95_ms: float


def figures(outcomes: Sequence[AnswerOutcome]) -> AnswerFigures:
    """Return the figures over queries of all roles.  Raise ValueError where none has an answer."""
    asked = [one for one in outcomes if one.role == "asked"]
    absent = [one for one in outcomes if one.role != "asked"]
    kinds = by_kind(asked)
    if not kinds:
        raise ValueError("figures need queries that have an answer")
    worst = min(kinds, key=lambda kind: _share(one.scene for one in kinds[kind]))
    took = [one.took_ms for one in outcomes]
    perturbed = [one for one in asked if one.kind != UNEDITED]
    return AnswerFigures(
        questions=len(outcomes),
        video=_share(one.video for one in asked),
        scene=_share(one.scene for one in asked),
        worst=_share(one.scene for one in kinds[worst]),
        worst_kind=worst,
        called=_share(is_match(one) for one in asked if one.scene),
        offered=_share(one.verdict != Verdict.NONE for one in asked if one.scene),
        false=_share(is_match(one) for one in absent),
        exact=_share(one.exact for one in asked if one.kind == UNEDITED),
        same=_share(one.same for one in asked if one.kind == UNEDITED),
        near=_share(is_near(one) for one in perturbed),
        error=_error(outcomes),
        asked_error=_error(asked),
        p50_ms=float(np.percentile(took, 50)),
        p95_ms=float(np.percentile(took, 95)),
    )


def by_kind(outcomes: Iterable[AnswerOutcome]) -> dict[str, list[AnswerOutcome]]:
    """Group outcomes by the kind of perturbation, in their order."""
    kinds: dict[str, list[AnswerOutcome]] = {}
    for one in outcomes:
        kinds.setdefault(one.kind, []).append(one)
    return kinds


def is_match(outcome: AnswerOutcome) -> bool:
    """Return whether the answer is a match."""
    return outcome.verdict == Verdict.MATCH


def is_near(outcome: AnswerOutcome) -> bool:
    """Return whether the time is right for a perturbed picture."""
    return outcome.off_s is not None and outcome.off_s <= PERTURBED_TOLERANCE_S


def _error(outcomes: Sequence[AnswerOutcome]) -> float:
    return calibration_error([one.score for one in outcomes], [one.scene for one in outcomes])


def _share(values: Iterable[bool]) -> float:
    counted = list(values)
    return sum(counted) / len(counted) if counted else float("nan")
