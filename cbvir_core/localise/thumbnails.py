"""What the thumbnails of a scene tell of a query, without the file.

They are frames that ingest sampled, a third of a second apart.  They say about when the picture is shown, so
that only that part of the scene need be decoded; and whether the scene ever shows all of it.  Two things
filmed on one table agree in every plank of it, and no point tells them apart, but one of them is shown by no
frame of the other's scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.geometry import Matrix, Size
from cbvir_core.localise.compare import WHOLE_FRAME_TOLERANCE, KnownPlacement, placements_along
from cbvir_core.localise.frames import FrameSequence, TimeBudget
from cbvir_core.localise.pattern import MIN_BLOCK_WEIGHT, NO_FIT, BlockFit, BlockMask, Pattern, kept_blocks
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.types import Image, Span, Thumbnails

MATCHING_BUDGET_S = 0.1
"""Seconds after which no further thumbnail is compared; as a rule a scene takes a third of that."""

SINGLE_THUMBNAIL_GAP_S = 0.35
"""Seconds on both sides of a scene's only thumbnail in which its frames may lie: one interval of ingest."""

UNSEEN_PENALTY = 0.5
"""How much less a thumbnail fits that shows nothing of the picture; in proportion where it shows a part."""

MIN_FIT_DIFFERENCE = 0.2
"""Difference of fit, between the thumbnails of a scene, from which a block tells them apart."""

LIKELY_FIT_DIFFERENCE = 0.12
"""Difference of fit, in those blocks, up to which a thumbnail may be nearer to the true frame than the best
one: the true frame lies between two of them."""


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailMatch:
    """What thumbnails tell.

    - `time_s`: of the thumbnail that fits best; `fit` is at most 1.
    - `explained`: share of the picture, by its texture, that some thumbnail shows, in [0, 1].
    - `spans`: where in the scene the frame may lie, likeliest first, seconds.
    - `transform`: from pixels of the query to those of the still, as the query lies on that thumbnail.
    """

    time_s: float
    fit: float
    explained: float
    spans: tuple[Span, ...]
    transform: Matrix = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Hypothesis:
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
        return max(self.scores, key=lambda index: self.scores[index])

    @property
    def fit(self) -> float:
        return self.pooled[self.best]


def match_thumbnails(
    thumbnails: Thumbnails,
    query: Image,
    *,
    keyframe_s: float,
    still: Size,
    transform: Matrix | None,
    mirrored: bool,
    budget_s: float = MATCHING_BUDGET_S,
) -> ThumbnailMatch | None:
    """Compare the query with the thumbnails of one scene; None where none of them can be compared.

    `transform` maps pixels of `query` to pixels of the scene's still, whose size is `still` and whose frame
    is at `keyframe_s`; without it the query is taken as the whole frame.
    """
    height, width = thumbnails.frames.shape[1:]
    localised = LocalisationQuery(
        query, transform, mirrored, still=still, frame=(width, height), thumbnail_side=THUMBNAIL_SIDE
    )
    sequence = FrameSequence(tuple(thumbnails.times_s.tolist()), tuple(thumbnails.frames))
    hypotheses = (_whole(sequence, localised), _placed(sequence, localised, keyframe_s, budget_s))
    possible = [hypothesis for hypothesis in hypotheses if hypothesis]
    if not possible:
        return None
    likeliest = max(possible, key=lambda one: one.fit + (0.0 if one.placements else WHOLE_FRAME_TOLERANCE))
    return ThumbnailMatch(
        time_s=sequence.times_s[likeliest.best],
        fit=likeliest.fit,
        explained=likeliest.pattern.explained(list(likeliest.fits.values())),
        spans=_likely_spans(sequence, likeliest),
        transform=localised.transform(likeliest.placements.get(likeliest.best)),
    )


def _whole(sequence: FrameSequence, query: LocalisationQuery) -> _Hypothesis | None:
    if query.whole is None:
        return None
    fits = {index: query.whole.fit(frame, None) for index, frame in enumerate(sequence.frames)}
    return _hypothesis(query.whole, {index: fit for index, fit in fits.items() if fit is not None}, {})


def _placed(
    sequence: FrameSequence, query: LocalisationQuery, keyframe_s: float, budget_s: float
) -> _Hypothesis | None:
    pattern = query.placed
    if pattern is None or pattern.placement is None:
        return None
    known = KnownPlacement(keyframe_s, pattern.placement)
    placed = placements_along(sequence, pattern, known, 1, TimeBudget(budget_s))
    fits = {index: one.fit for index, one in placed.items()}
    return _hypothesis(pattern, fits, {index: one.placement for index, one in placed.items()})


def _hypothesis(
    pattern: Pattern, fits: Mapping[int, BlockFit], placements: Mapping[int, Matrix]
) -> _Hypothesis | None:
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
    return _Hypothesis(pattern, fits, placements, pooled, scores)


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


def _likely_spans(sequence: FrameSequence, hypothesis: _Hypothesis) -> tuple[Span, ...]:
    """Return spans around the thumbnails that fit nearly best, likeliest first.

    Each reaches from the neighbour before to the one after; what overlaps is one span.
    """
    times_s = np.array(sequence.times_s)
    gap_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else SINGLE_THUMBNAIL_GAP_S
    edges_s = np.concatenate([[times_s[0] - gap_s], times_s, [times_s[-1] + gap_s]])
    least = max(hypothesis.scores.values()) - LIKELY_FIT_DIFFERENCE
    likely = sorted(index for index, score in hypothesis.scores.items() if score >= least)
    spans: list[tuple[float, Span]] = []
    for index in likely:
        span, score = (float(edges_s[index]), float(edges_s[index + 2])), hypothesis.scores[index]
        if spans and span[0] <= spans[-1][1][1]:
            before, (start_s, _) = spans.pop()
            span, score = (start_s, span[1]), max(before, score)
        spans.append((score, span))
    return tuple(span for _, span in sorted(spans, key=lambda scored: -scored[0]))
