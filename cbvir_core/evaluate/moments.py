"""Answers and occurrences on the time lines of videos, and how one is held against the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cbvir_core.evaluate.precision import RankingOutcome
from cbvir_core.types import VideoId


@dataclass(frozen=True, slots=True)
class RankedMoment:
    """A keyframe that an answer names.  Videos go by content: copies of a file are one video."""

    video: VideoId
    time_s: float


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """An occurrence of a query: [start_s, end_s) of a video.  Those of one query do not overlap."""

    video: VideoId
    start_s: float
    end_s: float

    def holds(self, moment: RankedMoment) -> bool:
        """Whether the picture that a player shows at the moment lies in the occurrence."""
        return moment.video == self.video and self.start_s <= moment.time_s < self.end_s


@dataclass(frozen=True, slots=True)
class MethodAnswers:
    """What one method answered: for each query moments, best first, and the seconds it all took.

    `spent_s` is the work of one query from nothing: videos, descriptors and search.
    """

    model: str
    rankings: tuple[tuple[RankedMoment, ...], ...]
    spent_s: float


def outcome(ranking: Iterable[RankedMoment], spans: Iterable[TrueSpan]) -> RankingOutcome:
    """The unit is the occurrence: the first moment in it finds it, further ones count as junk does.

    Everything else is a false answer.  An occurrence in which no moment of the ranking lies is not found.
    """
    waiting, done = list(spans), set[TrueSpan]()
    positives, position, found = len(waiting), 0, list[int]()
    for moment in ranking:
        if any(span.holds(moment) for span in done):
            continue
        span = next((span for span in waiting if span.holds(moment)), None)
        if span is not None:
            waiting.remove(span)
            done.add(span)
            found.append(position)
        position += 1
    return RankingOutcome(tuple(found), positives)
