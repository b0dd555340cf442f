"""The ways in which a query may lie on the thumbnails of a scene, and how well it fits them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cbvir_core.geometry import Matrix
from cbvir_core.localise.compare import KnownPlacement, PlacedFit, placements_along
from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.pattern import MIN_BLOCK_WEIGHT, NO_FIT, BlockFit, BlockMask, Pattern, kept_blocks
from cbvir_core.localise.query import LocalisationQuery

MAX_FOLLOWED = 24
"""Thumbnails of a scene with which a placed query is aligned at most, evenly spread, before those around the
best are; 8 s of film.  In a longer scene the others are compared as the camera's motion leaves them."""

UNSEEN_PENALTY = 0.5
"""How much less a thumbnail fits that shows nothing of the picture; in proportion where it shows a part."""

MIN_FIT_DIFFERENCE = 0.2
"""Difference of fit, between the thumbnails of a scene, from which a block tells them apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """One way in which the query may lie on the scene, by the index of each thumbnail.

    `placements` are those on each thumbnail, none for the whole frame; `fits` and `pooled` say how the query
    fits there, and `scores` tell the thumbnails apart.
    """

    pattern: Pattern
    fits: Mapping[int, BlockFit]
    placements: Mapping[int, Matrix]
    pooled: Mapping[int, float]
    scores: Mapping[int, float]

    @property
    def best(self) -> int:
        """The index of the thumbnail that fits best."""
        return max(self.scores, key=lambda index: self.scores[index])

    @property
    def fit(self) -> float:
        """How well that one fits."""
        return self.pooled[self.best]


def taken_as_whole(sequence: FrameSequence, query: LocalisationQuery) -> Hypothesis | None:
    """Return how the query fits as the whole frame; None where it says nothing."""
    if query.whole is None:
        return None
    return _hypothesis(query.whole, dict(enumerate(query.whole.fit_all(sequence.frames, None))), {})


def taken_as_placed(sequence: FrameSequence, query: LocalisationQuery, known_s: float) -> Hypothesis | None:
    """Return how the query fits as it was placed at the time `known_s`; None where it says nothing."""
    pattern = query.placed
    if pattern is None or pattern.placement is None:
        return None
    placed = _followed(sequence, pattern, KnownPlacement(known_s, pattern.placement))
    fits = {index: one.fit for index, one in placed.items()}
    return _hypothesis(pattern, fits, {index: one.placement for index, one in placed.items()})


def taken_as_laid(sequence: FrameSequence, query: LocalisationQuery) -> Hypothesis | None:
    """Return how the query fits where it lies on every thumbnail as it was placed; None where it says
    nothing."""
    pattern = query.placed
    if pattern is None or pattern.placement is None:
        return None
    return _hypothesis(pattern, dict(enumerate(pattern.fit_all(sequence.frames, pattern.placement))), {})


def _followed(sequence: FrameSequence, pattern: Pattern, known: KnownPlacement) -> dict[int, PlacedFit]:
    """Return the placements on all thumbnails of a short scene, and around the best of a long one."""
    count = len(sequence.frames)
    stride = math.ceil(count / MAX_FOLLOWED)
    followed = placements_along(sequence, pattern, known, stride)
    if stride == 1 or not followed:
        return followed
    # A still camera leaves the placement as it is, and then all other thumbnails can be compared at once.
    unmoved = {
        index: PlacedFit(known.placement, fit)
        for index, fit in enumerate(pattern.fit_all(sequence.frames, known.placement))
    }
    placed = {**unmoved, **followed}
    best = max(placed, key=lambda index: placed[index].fit.pooled())
    first, last = max(0, best - stride), min(count, best + stride + 1)
    around = FrameSequence(sequence.times_s[first:last], sequence.frames[first:last])
    known_there = KnownPlacement(sequence.times_s[best], placed[best].placement)
    near = placements_along(around, pattern, known_there, 1)
    return {**placed, **{first + index: one for index, one in near.items()}}


def _hypothesis(
    pattern: Pattern, fits: Mapping[int, BlockFit], placements: Mapping[int, Matrix]
) -> Hypothesis | None:
    if not fits:
        return None
    kept = kept_blocks(list(fits.values()))
    pooled = {index: fit.pooled(kept) for index, fit in fits.items()}
    if max(pooled.values()) <= NO_FIT:
        return None
    # Under a camera that pans, any part of the picture fits where it is seen: more of it is better.
    weights = {index: float(fit.weights.sum()) for index, fit in fits.items()}
    largest = max(weights.values())
    changing = _changing_blocks(fits, kept)
    scores = {
        index: fit.pooled(changing) - UNSEEN_PENALTY * (1.0 - weights[index] / largest)
        for index, fit in fits.items()
    }
    return Hypothesis(pattern, fits, placements, pooled, scores)


def _changing_blocks(fits: Mapping[int, BlockFit], kept: BlockMask | None) -> BlockMask | None:
    """Return the blocks that tell the thumbnails apart.

    What stands still for the whole scene fits all thumbnails.
    """
    best = np.max([np.where(fit.weights > 0, fit.values, NO_FIT) for fit in fits.values()], axis=0)
    worst = np.min([np.where(fit.weights > 0, fit.values, best) for fit in fits.values()], axis=0)
    changing = best - worst > MIN_FIT_DIFFERENCE
    chosen = changing if kept is None else changing & kept
    enough = max(float((fit.weights * chosen).sum()) for fit in fits.values()) >= MIN_BLOCK_WEIGHT
    return chosen if enough else kept
