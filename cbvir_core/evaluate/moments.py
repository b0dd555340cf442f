"""Answers and true occurrences on the time lines of videos, and how answers are judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cbvir_core.evaluate.precision import RankingOutcome
from cbvir_core.types import VideoId


@dataclass(frozen=True, slots=True)
class RankedMoment:
    """The video and time of a keyframe that an answer names.  Copies of a file are one video."""

    video: VideoId
    time_s: float


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """A true occurrence of a query: [start_s, end_s) of a video.  Those of one query do not overlap."""

    video: VideoId
    start_s: float
    end_s: float

    def contains(self, moment: RankedMoment) -> bool:
        """Return whether the moment lies in the occurrence."""
        return moment.video == self.video and self.start_s <= moment.time_s < self.end_s


@dataclass(frozen=True, slots=True)
class MethodAnswers:
    """The answers of one method: for each query its moments, best first, and the seconds of work.

    `spent_s` is the work for one query without anything prepared: videos, descriptors and search.
    """

    model: str
    rankings: tuple[tuple[RankedMoment, ...], ...]
    spent_s: float


def outcome(ranking: Iterable[RankedMoment], spans: Iterable[TrueSpan]) -> RankingOutcome:
    """Judge a ranking of moments by the occurrences that they find.

    The first moment in an occurrence finds it; further moments in it are ignored, as junk is.  Every
    other moment is a false answer.  An occurrence without a moment in the ranking is not found.
    """
    missing, reached = list(spans), set[TrueSpan]()
    positives, position, found = len(missing), 0, list[int]()
    for moment in ranking:
        if any(span.contains(moment) for span in reached):
            continue
        span = next((span for span in missing if span.contains(moment)), None)
        if span is not None:
            missing.remove(span)
            reached.add(span)
            found.append(position)
        position += 1
    return RankingOutcome(tuple(found), positives)
