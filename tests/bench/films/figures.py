"""The figures over all outcomes, with the goals that they are measured by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.films.judging import FilmOutcome
from bench.retrieval.perturbations import UNEDITED
from cbvir_core.calibration import calibration_error
from cbvir_core.types import Verdict

APART = ("downscale", "thumbnail 120", "thumbnail 64", "collage", "contact sheet", "crop 25")
"""Edits that do not count for the goal over all edits: thumbnails, several frames in one picture, a sixteenth
of the picture."""

WITH_CAPTIONS = ("caption", "captions")

SMALL_PARTS = ("crop 40", "thumbnail 120", "collage", "contact sheet")
"""Edits with a goal of their own."""

REPORTED = ("thumbnail 64", "crop 25")
"""Edits whose figures are reported without a goal."""


@dataclass(frozen=True, slots=True)
class FilmFigure:
    """One figure: what it is, its value, the goal, and of how many outcomes; NaN where there was none."""

    name: str
    value: float
    goal: float | None
    outcomes: int
    at_most: bool = False
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether the goal is missed; a figure without a value or a goal misses none."""
        if self.goal is None or np.isnan(self.value):
            return False
        return self.value > self.goal if self.at_most else self.value < self.goal


def figures(outcomes: Sequence[FilmOutcome]) -> list[FilmFigure]:
    """Return every figure of the summary, in its order."""
    asked = [one for one in outcomes if one.role == "asked"]
    absent = [one for one in outcomes if one.role != "asked"]
    plain = [one for one in asked if one.kind == UNEDITED]
    edits = [one for one in asked if one.kind != UNEDITED]
    return [
        share("unedited: right video", plain, lambda one: one.video),
        share("unedited: right scene", plain, lambda one: one.scene, 0.995),
        share("unedited: right moment, or equal-looking", plain, lambda one: one.moment, 0.97),
        share(
            "unedited: right scene and called a match", plain, lambda one: one.scene and is_match(one), 0.97
        ),
        *_of_edits(edits),
        *_of_verdicts(asked, absent),
        *_of_times(outcomes),
    ]


def _of_edits(edits: Sequence[FilmOutcome]) -> list[FilmFigure]:
    easy = by_kind(one for one in edits if one.kind not in APART)
    shares = {kind: share(kind, own, lambda one: one.near).value for kind, own in easy.items()}
    worst = min(shares, key=lambda kind: shares[kind], default="")
    parts = by_kind(edits)
    return [
        share("edits, all: right scene", edits, lambda one: one.scene),
        share(
            "edits, those apart left out: within 1 s",
            [one for own in easy.values() for one in own],
            lambda one: one.near,
            0.93,
        ),
        FilmFigure(
            f"the worst of these kinds: {worst}",
            shares.get(worst, float("nan")),
            0.80,
            len(easy.get(worst, ())),
        ),
        *(
            share(f"{kind}: within 1 s", parts.get(kind, []), lambda one: one.near, 0.75)
            for kind in SMALL_PARTS
        ),
        *(share(f"{kind}: within 1 s", parts.get(kind, []), lambda one: one.near) for kind in REPORTED),
    ]


def _of_verdicts(asked: Sequence[FilmOutcome], absent: Sequence[FilmOutcome]) -> list[FilmFigure]:
    """Return how often answers are called a match, and how well probabilities fit."""
    right, wrong = [one for one in asked if one.scene], [one for one in asked if not one.scene]
    edits = [one for one in right if one.kind != UNEDITED]
    captions = [one for one in edits if one.kind in WITH_CAPTIONS]
    series = [one for one in absent if one.role == "absent clip of a series"]
    return [
        share("edits: right scenes called a match", edits, is_match, 0.90),
        share("captions: right scenes called a match", captions, is_match, 0.85),
        share("wrong answers called a match", wrong, is_match, 0.01, at_most=True),
        share("absent ones called a match", absent, is_match, 0.01, at_most=True),
        share("absent ones of a series called a match", series, is_match),
        share("absent ones called likely", absent, lambda one: one.verdict == Verdict.LIKELY),
        FilmFigure("calibration error, answered", error(asked), 0.05, len(asked), at_most=True),
        FilmFigure("calibration error, unanswered", error(absent), 0.05, len(absent), at_most=True),
    ]


def _of_times(outcomes: Sequence[FilmOutcome]) -> list[FilmFigure]:
    took = [one.took_ms for one in outcomes]
    note = "the goal is for 100,000 keyframes: bench.query_at_size"
    return [
        FilmFigure(f"query ms, p{part}", float(np.percentile(took, part)), None, len(took), note=note)
        for part in (50, 95)
        if took
    ]


def share(
    name: str,
    outcomes: Sequence[FilmOutcome],
    true: Callable[[FilmOutcome], bool],
    goal: float | None = None,
    at_most: bool = False,
) -> FilmFigure:
    """Return the share of outcomes for which `true` holds as a figure."""
    counted = [true(one) for one in outcomes]
    value = sum(counted) / len(counted) if counted else float("nan")
    return FilmFigure(name, value, goal, len(counted), at_most, f"{sum(counted)} of {len(counted)}")


def error(outcomes: Sequence[FilmOutcome]) -> float:
    """Return the expected calibration error of the probabilities of first hits."""
    if not outcomes:
        return float("nan")
    return calibration_error([one.probability for one in outcomes], [one.scene for one in outcomes])


def is_match(outcome: FilmOutcome) -> bool:
    """Return whether the answer is a match."""
    return outcome.verdict == Verdict.MATCH


def by_kind(outcomes: Iterable[FilmOutcome]) -> dict[str, list[FilmOutcome]]:
    """Group outcomes by the kind of edit, in their order."""
    kinds: dict[str, list[FilmOutcome]] = {}
    for one in outcomes:
        kinds.setdefault(one.kind, []).append(one)
    return kinds
