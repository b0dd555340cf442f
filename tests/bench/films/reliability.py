"""The reliability plot of questions about films: probabilities against the share of right scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.answers.outcomes import AnswerOutcome
from bench.answers.reliability import write_plot
from bench.films.figures import error
from bench.films.judging import FilmOutcome


def write_reliability(path: Path, outcomes: Sequence[FilmOutcome]) -> None:
    """Draw all first hits, those of questions without an answer too."""
    write_plot(path, [_plotted(one) for one in outcomes], error(outcomes))


def _plotted(one: FilmOutcome) -> AnswerOutcome:
    return AnswerOutcome(
        role=one.role,
        kind=one.kind,
        key=one.key,
        verdict=one.verdict,
        score=one.probability,
        hit=one.hit,
        video=one.video,
        scene=one.scene,
        off_s=one.off_s,
        exact=one.exact,
        same=one.moment,
        took_ms=one.took_ms,
        stages_ms=one.stages_ms,
    )
