"""Cosine to score: similarities of different networks on one scale.

A network's cosines mean nothing by themselves: unrelated photographs have a cosine near 0.3 in one
network and 0.7 in another.  Two cosines are measured for each weight file and kept in its header,
``details["likely_cosine"]`` and ``details["match_cosine"]``.  The score is the straight line through

    (floor, 0), (likely_cosine, LIKELY_SCORE), (match_cosine, MATCH_SCORE), (1, 1)

with the floor as far below likely as 1 is above it.  So a score means the same for every network,
and for a keyframe that was refined as for one that was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

LIKELY_SCORE = 0.5
MATCH_SCORE = 0.7


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """The two cosines of one network that its scores are made of: 0 < likely < match < 1."""

    likely_cosine: float
    match_cosine: float

    def __post_init__(self) -> None:
        if not 0.0 < self.likely_cosine < self.match_cosine < 1.0:
            raise ValueError("a score scale wants 0 < likely_cosine < match_cosine < 1")

    @classmethod
    def of(cls, details: Mapping[str, Any], default: ScoreScale) -> ScoreScale:
        """Return the scale in a weight file's header, or the default where there is no usable one."""
        try:
            return cls(float(details["likely_cosine"]), float(details["match_cosine"]))
        except (KeyError, TypeError, ValueError):
            return default

    def score(self, cosines: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return scores in [0, 1]; a higher cosine never has a lower score."""
        floor = max(0.0, 2 * self.likely_cosine - 1.0)
        anchors = [floor, self.likely_cosine, self.match_cosine, 1.0]
        scores: npt.NDArray[np.float64] = np.interp(cosines, anchors, [0.0, LIKELY_SCORE, MATCH_SCORE, 1.0])
        return scores


FILTER_SCALE = ScoreScale(likely_cosine=0.72, match_cosine=0.78)
"""For filter weights whose header has no scale: that of ImageNet's MobileNetV2 with average pooling, measured
by ``python -m bench.measure.scores`` on 56 clips.  Of 1,249 photographs that are in none of them .026 reach
0.72 and none 0.78; of 1,131 frames, whole and edited, .95 and .92 do."""

REFINE_SCALE = ScoreScale(likely_cosine=0.45, match_cosine=0.60)
"""For SOLAR weights whose header has no scale: a guess, not a measurement, since no trained SOLAR could be
had.  Weights that are fetched or imported should carry their own."""
