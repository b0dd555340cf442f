"""The score of a frame: how near its descriptors are to the query's, as those of a keyframe are compared."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cbvir_core.embed import Encoder
from cbvir_core.search.query import Query
from cbvir_core.search.scores import ScoreScale
from cbvir_core.types import Image, Rows


@dataclass(frozen=True, slots=True, eq=False)
class QueryDescriptors:
    """The query's descriptors so far: of its variants by the filter (V x D), of some of them by SOLAR."""

    filter: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    refine: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)

    def joined(self, other: QueryDescriptors) -> QueryDescriptors:
        """Return those of both."""
        return QueryDescriptors(_stacked(self.filter, other.filter), _stacked(self.refine, other.refine))


@dataclass(frozen=True, slots=True)
class FrameScorer:
    """Scores frames that are not keyframes.

    A keyframe stands for its scene, but what moved since may have made another picture of it: where a frame
    has been decoded, its own score says more.
    """

    encoder: Encoder
    filter_scale: ScoreScale
    refine_scale: ScoreScale

    def score(self, query: Query, described: QueryDescriptors, frame: Image) -> float:
        """Return the score of a frame, of the size of a still; by the filter where SOLAR takes no part."""
        if query.refiner is not None and len(described.refine):
            cosines = described.refine @ query.refiner.describe(frame)
            return float(self.refine_scale.score(cosines).max())
        if not len(described.filter):
            return 0.0
        cosines = described.filter @ self.encoder.encode([frame])[0]
        return float(self.filter_scale.score(cosines).max())


def _stacked(one: Rows, other: Rows) -> Rows:
    return np.concatenate([one, other]) if len(one) and len(other) else other if len(other) else one
