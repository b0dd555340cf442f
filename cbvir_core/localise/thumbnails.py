"""What the thumbnails of a scene tell of a query, without the file.

They are frames that ingest sampled, a third of a second apart.  They say about when the picture is shown, so
that only that part of the scene need be decoded; and whether the scene ever shows all of it.  Two things
filmed on one table agree in every plank of it, and no point tells them apart, but one of them is shown by no
frame of the other's scene.

How much is compared depends on the number of thumbnails alone, never on time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.geometry import Matrix, Size
from cbvir_core.localise.compare import WHOLE_FRAME_TOLERANCE
from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.hypotheses import Hypothesis, taken_as_placed, taken_as_whole
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.localise.runs import MAX_EQUAL_THUMBNAIL_DIFFERENCE, equal_run
from cbvir_core.types import Image, Span, Thumbnails

THUMBNAIL_GAP_S = 1 / 3
"""Seconds from one thumbnail to the next where a scene has only one: the interval of ingest."""

GAP_SLACK_S = 0.02
"""Seconds by which an interval of ingest may be longer: frames do not lie on its grid."""

LIKELY_FIT_DIFFERENCE = 0.12
"""Difference of fit, in the blocks that tell thumbnails apart, up to which a thumbnail may be nearer to the
true frame than the best one: the true frame lies between two of them.  With .06 it lies beside none of these
for 3.5 % more of the crops, pages and photographs of screens."""

CLEAR_FIT, CLEAR_FIT_DIFFERENCE = 0.8, 0.04
"""Fit from which a query is clearly the whole frame, and the difference that is likely then.  Of 91 such
questions about a film and clips, it was up to .02 for 84, and above .16 for the others."""


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailMatch:
    """What thumbnails tell.

    - `time_s`: of the thumbnail that fits best; `fit` is at most 1.
    - `explained`: share of the picture, by its texture, that some thumbnail shows, in [0, 1].
    - `spans`: where in the scene the frame may lie, likeliest first, seconds.  In a still shot they leave out
      the middle of the run.
    - `transform`: from pixels of the query to those of the still, as the query lies on that thumbnail.
    - `run`: times of the first and the last of the thumbnails around that one that look the same; None for
      that one alone.
    - `gap_s`: seconds from that thumbnail to its neighbours, the longer of the two.
    """

    time_s: float
    fit: float
    explained: float
    spans: tuple[Span, ...]
    transform: Matrix = field(repr=False)
    run: Span | None = None
    gap_s: float = THUMBNAIL_GAP_S


def match_thumbnails(
    thumbnails: Thumbnails,
    query: Image,
    *,
    keyframe_s: float,
    still: Size,
    transform: Matrix | None = None,
    mirrored: bool = False,
) -> ThumbnailMatch | None:
    """Compare the query with the thumbnails of one scene; None where none of them can be compared.

    `transform` maps pixels of `query` to pixels of the scene's still, whose size is `still` and whose frame
    is at `keyframe_s`; without it the query is taken as the whole frame, mirrored or not.
    """
    localised = _query(thumbnails, query, transform, mirrored, still)
    return _match(_sequence(thumbnails), localised, keyframe_s)


def _query(
    thumbnails: Thumbnails, query: Image, transform: Matrix | None, mirrored: bool, still: Size
) -> LocalisationQuery:
    height, width = thumbnails.frames.shape[1:]
    return LocalisationQuery(
        query, transform, mirrored, still=still, frame=(width, height), thumbnail_side=THUMBNAIL_SIDE
    )


def _sequence(thumbnails: Thumbnails) -> FrameSequence:
    return FrameSequence(tuple(thumbnails.times_s.tolist()), tuple(thumbnails.frames))


def _match(sequence: FrameSequence, query: LocalisationQuery, known_s: float) -> ThumbnailMatch | None:
    whole = taken_as_whole(sequence, query)
    placed = None
    enough = CLEAR_FIT if query.is_nearly_whole else 1.0 - WHOLE_FRAME_TOLERANCE
    if whole is None or whole.fit < enough:
        placed = taken_as_placed(sequence, query, known_s)
    possible = [hypothesis for hypothesis in (whole, placed) if hypothesis]
    if not possible:
        return None
    likeliest = max(possible, key=lambda one: one.fit + (0.0 if one.placements else WHOLE_FRAME_TOLERANCE))
    other = whole if likeliest is placed else None
    best = likeliest.best
    run = equal_run(sequence.frames, best, MAX_EQUAL_THUMBNAIL_DIFFERENCE)
    edges_s = _edges(sequence)
    return ThumbnailMatch(
        time_s=sequence.times_s[best],
        fit=likeliest.fit,
        explained=likeliest.pattern.explained(list(likeliest.fits.values())),
        spans=_likely_spans(edges_s, likeliest, run, None if other is None else other.best),
        transform=query.transform(likeliest.placements.get(best)),
        run=(sequence.times_s[run[0]], sequence.times_s[run[1]]),
        gap_s=float(np.diff(edges_s[best : best + 3]).max()),
    )


def _edges(sequence: FrameSequence) -> list[float]:
    """Return the times of the thumbnails, and one more before the first and after the last of them."""
    times_s = np.array(sequence.times_s)
    gap_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else THUMBNAIL_GAP_S
    gap_s += GAP_SLACK_S
    return [float(times_s[0]) - gap_s, *sequence.times_s, float(times_s[-1]) + gap_s]


def _likely_spans(
    edges_s: list[float], hypothesis: Hypothesis, run: tuple[int, int], as_whole: int | None
) -> tuple[Span, ...]:
    """Return spans around the thumbnails that fit nearly best, likeliest first.

    Each reaches from the neighbour before to the one after; what overlaps is one span.  Of the other
    thumbnails that look like the best one, only the outer sides of the first and the last are likely.  A
    picture that is placed may be the whole frame all the same, at the thumbnail `as_whole`, a little beside
    where the features of another frame lay it.
    """
    is_clear = not hypothesis.placements and hypothesis.fit >= CLEAR_FIT
    difference = CLEAR_FIT_DIFFERENCE if is_clear else LIKELY_FIT_DIFFERENCE
    least = hypothesis.scores[hypothesis.best] - difference
    scored = {index: score for index, score in hypothesis.scores.items() if score >= least}
    best = hypothesis.best
    scored[best] = hypothesis.scores[best] + 1.0
    spans: list[tuple[float, Span]] = []
    for index, score in scored.items():
        if index == best or not run[0] <= index <= run[1]:
            spans.append((score, (edges_s[index], edges_s[index + 2])))
    if as_whole is not None:
        spans.append((scored[best] - 0.25, (edges_s[as_whole], edges_s[as_whole + 2])))
    spans.append((scored[best], (edges_s[run[0]], edges_s[run[0] + 1])))
    spans.append((scored[best] - 0.5, (edges_s[run[1] + 1], edges_s[run[1] + 2])))
    return tuple(span for _, span in sorted(_merged(spans), key=lambda scored: -scored[0]))


def _merged(spans: list[tuple[float, Span]]) -> list[tuple[float, Span]]:
    """Return the spans with those joined that touch or overlap; a joined one has the highest score."""
    merged: list[tuple[float, Span]] = []
    for score, (start_s, end_s) in sorted(spans, key=lambda scored: scored[1]):
        if merged and start_s <= merged[-1][1][1]:
            before, (first_s, last_s) = merged.pop()
            merged.append((max(before, score), (first_s, max(last_s, end_s))))
        else:
            merged.append((score, (start_s, end_s)))
    return merged
