"""The quality of keyframes in the terms of MoReSo's Table II: accuracy and redundancy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cbvir_core.types import Keyframe, Span


@dataclass(frozen=True, slots=True)
class KeyframeScore:
    """Counts of one video or, added up, of several."""

    shots: int
    found: int
    keyframes: int

    @property
    def accuracy(self) -> float:
        """The share of the true shots that have a keyframe inside them (Table II: .969)."""
        return self.found / self.shots if self.shots else 1.0

    @property
    def redundancy(self) -> float:
        """The share of the keyframes that could be left out without losing a shot (Table II: .349)."""
        return 1 - self.found / self.keyframes if self.keyframes else 0.0

    def __add__(self, other: KeyframeScore) -> KeyframeScore:
        return KeyframeScore(
            self.shots + other.shots, self.found + other.found, self.keyframes + other.keyframes
        )


def keyframe_score(keyframes: Iterable[Keyframe], shots: Sequence[Span]) -> KeyframeScore:
    """Return the counts for keyframes against the true shots, given as (start, end) in seconds.

    The paper names accuracy and redundancy without defining them.  Here a shot is found when the
    presentation time of at least one keyframe lies in [start, end).  Every further keyframe in the
    same shot is redundant, and so is one that lies in no shot.  Leave the transitions out of the
    shots to count only pictures outside of transitions.  A scene that comes back is a shot of its own.
    """
    return score_times([keyframe.time_s for keyframe in keyframes], shots)


def score_times(times: Sequence[float], shots: Sequence[Span]) -> KeyframeScore:
    """Return the counts as `keyframe_score` does, for times of keyframes in seconds."""
    found = sum(any(start <= time < end for time in times) for start, end in shots)
    return KeyframeScore(len(shots), found, len(times))
