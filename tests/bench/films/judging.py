"""The outcome of one question: what the first hit of its answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.films import film_frames
from bench.films.questions import FilmMoment, FilmQuestion
from cbvir_core.types import Answer, Hit

MOMENT_TOLERANCE_S = 0.05
"""Error in time up to which a moment is right: one frame at 30 a second, and rounding."""

NEAR_S = 1.0

SAMPLE_DISTANCE_S = 1 / 3
"""Seconds by which a scene's span may miss a frame: spans are known to a sample, three a second."""

LooksEqual = Callable[[Path, float, float], bool]
SpanShows = Callable[[Path, float, float, float], bool]


@dataclass(frozen=True, slots=True)
class FilmOutcome:
    """One question and the first hit of its answer.

    - `video`, `scene`, `near`, `moment`: whether these are right.  A scene is right if it holds the true
      time, or a frame that looks the same.  `near` is within `NEAR_S`, `moment` within `MOMENT_TOLERANCE_S`;
      both are right as well if the frame at the answered time looks the same.
    - `clips`: those that the question shows; `film` and `true_s`: its own first moment.
    - `off_s`: error in time to the nearest right moment, where the video is right.
    """

    role: str
    kind: str
    key: str
    clips: tuple[str, ...]
    film: str
    true_s: float | None
    verdict: str
    probability: float
    hit: str
    time_s: float | None
    variant: str
    exact: bool
    time_note: str
    video: bool
    scene: bool
    near: bool
    moment: bool
    off_s: float | None
    took_ms: float
    stages_ms: dict[str, float]


def span_holds(start_s: float, end_s: float, time_s: float) -> bool:
    """Return whether a scene's span holds a time, as exactly as spans are known."""
    return start_s - SAMPLE_DISTANCE_S <= time_s <= end_s + SAMPLE_DISTANCE_S


class FilmJudge:
    """Judges first hits; frames are compared only where times differ."""

    def __init__(
        self,
        looks_equal: LooksEqual = film_frames.looks_equal,
        span_shows: SpanShows = film_frames.span_shows,
    ) -> None:
        self._looks_equal, self._span_shows = looks_equal, span_shows

    def judge(self, question: FilmQuestion, answer: Answer) -> FilmOutcome:
        """Return the outcome of a question; every moment that it shows is right."""
        best = answer.results[0] if answer.results else None
        right = [one for one in question.moments if best is not None and one.film.name == best.path.name]
        off_s, scene, same = None, False, False
        if best is not None and right:
            off_s = min(abs(best.time_s - one.time_s) for one in right)
            same = off_s > MOMENT_TOLERANCE_S and any(
                self._looks_equal(one.film, one.time_s, best.time_s) for one in right
            )
            scene = same or any(self._in_scene(best, one) for one in right)
        first = question.moments[0] if question.moments else None
        return FilmOutcome(
            role=question.role,
            kind=question.kind,
            key=question.key,
            clips=question.clips,
            film=first.film.stem if first else "",
            true_s=first.time_s if first else None,
            verdict=answer.verdict.value,
            probability=best.probability if best else 0.0,
            hit=f"{best.path.stem} {best.scene_start_s:.2f}-{best.scene_end_s:.2f}" if best else "",
            time_s=best.time_s if best else None,
            variant=best.variant if best else "",
            exact=best.exact if best else False,
            time_note=best.time_note if best else "",
            video=bool(right),
            scene=scene,
            near=off_s is not None and (off_s <= NEAR_S or same),
            moment=off_s is not None and (off_s <= MOMENT_TOLERANCE_S or same),
            off_s=off_s,
            took_ms=answer.took_ms,
            stages_ms=answer.stages_ms,
        )

    def _in_scene(self, hit: Hit, true: FilmMoment) -> bool:
        start_s, end_s = hit.scene_start_s, hit.scene_end_s
        if span_holds(start_s, end_s, true.time_s):
            return True
        return self._span_shows(true.film, start_s, end_s, true.time_s)
