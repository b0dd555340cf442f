"""What the thumbnails of a scene tell of a query, without the file.

They are the frames that ingest looked at, a third of a second apart.  They say about when the picture is
shown, so that only that part of the scene need be decoded; and whether the scene ever shows all of it.
Two things filmed on one table agree in every plank of it, and no point tells them apart, but one of them is
shown by no frame of the other's scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.geometry import Matrix, Size
from cbvir_core.localise.compare import WHOLE_FIRST, Start, laid_along
from cbvir_core.localise.frames import Budget, Look, Span
from cbvir_core.localise.pattern import LEAST_BLOCKS, NO_FIT, BlockFit, Pattern, kept_blocks
from cbvir_core.localise.query import Question
from cbvir_core.types import Image, Thumbnails

SURVEY_S = 0.1
"""Seconds after which no further thumbnail is compared; as a rule a scene takes a third of that."""

ALONE_S = 0.35
"""Seconds on both sides of a scene's only thumbnail in which its frames may lie: one interval of ingest."""

Blocks = npt.NDArray[np.bool_]

PARTLY = 0.5
"""How much less a thumbnail fits that shows nothing of the picture; in proportion where it shows a part."""

CHANGE = 0.2
"""Difference of fit, between the thumbnails of a scene, from which a block tells them apart."""

NEARLY = 0.12
"""Difference of fit, in those blocks, up to which a thumbnail may be nearer to the true frame than the best
one: the true frame lies between two of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
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
class _Way:
    """One way in which the query may lie on the scene: where it lies on each thumbnail, how it fits there
    (`pooled`), and by what the thumbnails are told apart (`scores`)."""

    pattern: Pattern
    fits: Mapping[int, BlockFit]
    places: Mapping[int, Matrix]
    pooled: Mapping[int, float]
    scores: Mapping[int, float]

    @property
    def best(self) -> int:
        return max(self.scores, key=lambda number: self.scores[number])

    @property
    def fit(self) -> float:
        return self.pooled[self.best]


def survey(
    thumbnails: Thumbnails,
    query: Image,
    *,
    keyframe_s: float,
    still: Size,
    transform: Matrix | None,
    mirrored: bool,
    budget_s: float = SURVEY_S,
) -> Survey | None:
    """Compares the query with the thumbnails of one scene; None where none of them can be compared.

    `transform` maps pixels of `query` to pixels of the scene's still, whose size is `still` and whose frame
    is at `keyframe_s`; without it the query is taken as the whole frame.
    """
    height, width = thumbnails.frames.shape[1:]
    question = Question(query, transform, mirrored, still=still, frame=(width, height), side=THUMBNAIL_SIDE)
    seen = Look(tuple(thumbnails.times_s.tolist()), tuple(thumbnails.frames))
    ways = [way for way in (_whole(seen, question), _placed(seen, question, keyframe_s, budget_s)) if way]
    if not ways:
        return None
    way = max(ways, key=lambda way: way.fit + (0.0 if way.places else WHOLE_FIRST))
    return Survey(
        time_s=seen.times_s[way.best],
        fit=way.fit,
        explained=way.pattern.explained(list(way.fits.values())),
        spans=_spans(seen, way),
        transform=question.transform(way.places.get(way.best)),
    )


def _whole(seen: Look, question: Question) -> _Way | None:
    if question.whole is None:
        return None
    fits = {number: question.whole.fit(frame, None) for number, frame in enumerate(seen.frames)}
    return _way(question.whole, {number: fit for number, fit in fits.items() if fit is not None}, {})


def _placed(seen: Look, question: Question, keyframe_s: float, budget_s: float) -> _Way | None:
    pattern = question.placed
    if pattern is None or pattern.place is None:
        return None
    laid = laid_along(seen, pattern, Start(keyframe_s, pattern.place), 1, Budget(budget_s))
    fits = {number: fit for number, (_, fit) in laid.items()}
    return _way(pattern, fits, {number: place for number, (place, _) in laid.items()})


def _way(pattern: Pattern, fits: Mapping[int, BlockFit], places: Mapping[int, Matrix]) -> _Way | None:
    if not fits:
        return None
    kept = kept_blocks(list(fits.values()))
    pooled = {number: fit.pooled(kept) for number, fit in fits.items()}
    if max(pooled.values()) <= NO_FIT:
        return None
    # Under a camera that pans, any part of the picture fits where it is seen: more of it is better.
    seen = {number: float(fit.weights.sum()) for number, fit in fits.items()}
    most = max(seen.values())
    changing = _changing(fits, kept)
    scores = {
        number: fit.pooled(changing) - PARTLY * (1.0 - seen[number] / most) for number, fit in fits.items()
    }
    return _Way(pattern, fits, places, pooled, scores)


def _changing(fits: Mapping[int, BlockFit], kept: Blocks | None) -> Blocks | None:
    """The blocks that say which thumbnail it is: what stands still for the whole scene fits all of them."""
    best = np.max([np.where(fit.weights > 0, fit.values, NO_FIT) for fit in fits.values()], axis=0)
    worst = np.min([np.where(fit.weights > 0, fit.values, best) for fit in fits.values()], axis=0)
    changing = best - worst > CHANGE
    chosen = changing if kept is None else changing & kept
    weighty = max(float((fit.weights * chosen).sum()) for fit in fits.values()) >= LEAST_BLOCKS
    return chosen if weighty else kept


def _spans(seen: Look, way: _Way) -> tuple[Span, ...]:
    """Around each thumbnail that fits nearly best, up to its neighbours; what overlaps is one span."""
    times = np.array(seen.times_s)
    gap = float(np.median(np.diff(times))) if len(times) > 1 else ALONE_S
    edges = np.concatenate([[times[0] - gap], times, [times[-1] + gap]])
    least = max(way.scores.values()) - NEARLY
    likely = sorted(number for number, score in way.scores.items() if score >= least)
    spans: list[tuple[float, Span]] = []
    for number in likely:
        span, score = (float(edges[number]), float(edges[number + 2])), way.scores[number]
        if spans and span[0] <= spans[-1][1][1]:
            before, (start_s, _) = spans.pop()
            span, score = (start_s, span[1]), max(before, score)
        spans.append((score, span))
    return tuple(span for _, span in sorted(spans, key=lambda one: -one[0]))
