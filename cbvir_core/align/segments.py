"""Segments: parts of a query and the parts of a video that they are, with speed and direction."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from cbvir_core.align.matrix import FrameTimes, SimilarityMatrix
from cbvir_core.align.path import AlignmentPath, best_path
from cbvir_core.types import Floats, Span

MIN_SIMILARITY = 0.42
"""Similarity from which two frames may be the same one.  It is subtracted before paths are sought, so that
what is less alike costs."""

MAX_FRAME_SCORE = 0.3
"""The most that one pair of frames adds to a path, so that a few equal ones do not outweigh many."""

MIN_PATH_SCORE = 0.5
"""The least score of a path: two or three frames that are much alike, or more of others."""

MAX_SEGMENTS = 24
"""Segments of one query in one video at most."""

NEAR_S = 0.5
"""Seconds around a frame of a path within which its time may lie."""

SHARPNESS = 0.03
"""Difference of similarity that makes a frame e times less likely to be the one."""

FIT_ROUNDS, FIT_TOLERANCE_S = 5, 0.25
"""How often the line through a path is fitted anew, without the frames that lie further from it."""

UNIT_SPEED_EXCESS, UNIT_SPEED_NOISE_S = 1.5, 0.02
"""Speed 1 is taken where it explains a path nearly as well: its mean squared distance is at most so many
times that of the best line, plus the square of the second.  Most copies run at the speed of the film."""


@dataclass(frozen=True, slots=True)
class AlignedSegment:
    """A part of a query that a part of a video shows.

    - `query`: start and end in the query, `span`: in the video, seconds; the start is before the end in both.
    - `speed`: seconds of the video for a second of the query, above 0; 0 where one picture stands still.
    - `is_reversed`: whether it runs backwards.
    - `score`: of its path; `similarity`: the mean of its frames' similarities.
    - `path`: the frames of query and video that were taken for the same.
    """

    query: Span
    span: Span
    speed: float
    is_reversed: bool
    score: float
    similarity: float
    path: AlignmentPath = field(repr=False, compare=False)

    def time_in_clip(self, video_s: float) -> float:
        """Return the time in the query at which it shows a time of the video."""
        return _carried(video_s, self._directed_span, self.query)

    def time_in_video(self, query_s: float) -> float:
        """Return the time in the video that a time of the query shows."""
        return _carried(query_s, self.query, self._directed_span)

    @property
    def _directed_span(self) -> Span:
        return (self.span[1], self.span[0]) if self.is_reversed else self.span


def find_segments(
    matrix: SimilarityMatrix,
    query_span: Span,
    min_score: float = MIN_PATH_SCORE,
    limit: int = MAX_SEGMENTS,
) -> list[AlignedSegment]:
    """Return the segments of one video in a query that lasts from `query_span`'s start to its end.

    At most `limit`, each with a path of at least `min_score`, the best one first.  No two share a frame of
    the query; several may show the same part of the video, in any order, forwards or backwards.
    """
    scores = np.minimum(matrix.values - MIN_SIMILARITY, MAX_FRAME_SCORE).astype(np.float32)
    edges_s = _edges(matrix.query_times_s, query_span)
    found: list[AlignedSegment] = []
    while len(found) < limit:
        forwards, backwards = best_path(scores), best_path(scores[:, ::-1])
        path, is_reversed = forwards, False
        if backwards is not None and (forwards is None or backwards.score > forwards.score + 1e-6):
            last = scores.shape[1] - 1
            path, is_reversed = replace(backwards, frames=last - backwards.frames), True
        if path is None or path.score < min_score:
            break
        found.append(_segment(matrix, path, edges_s, is_reversed))
        scores[path.queries] = -MAX_FRAME_SCORE
    return found


def _edges(times_s: FrameTimes, span: Span) -> FrameTimes:
    """Return where the frames of a query begin and end: halfway between their times; N + 1 values."""
    between = (times_s[1:] + times_s[:-1]) / 2
    return np.concatenate([[span[0]], between, [span[1]]])


def _segment(
    matrix: SimilarityMatrix, path: AlignmentPath, edges_s: FrameTimes, is_reversed: bool
) -> AlignedSegment:
    asked_s, shown_s = matrix.query_times_s[path.queries], _times_between_frames(matrix, path)
    values = matrix.values[path.queries, path.frames]
    slope, offset_s = _line(asked_s, shown_s, values)
    start_s, end_s = float(edges_s[path.queries[0]]), float(edges_s[path.queries[-1] + 1])
    ends_s = sorted((offset_s + slope * start_s, offset_s + slope * end_s))
    return AlignedSegment(
        query=(start_s, end_s),
        span=(max(0.0, ends_s[0]), max(0.0, ends_s[1])),
        speed=abs(slope),
        is_reversed=is_reversed and slope < 0,
        score=path.score,
        similarity=float(values.mean()),
        path=path,
    )


def _times_between_frames(matrix: SimilarityMatrix, path: AlignmentPath) -> FrameTimes:
    """Return when the video shows each frame of a path: between two of its frames where both are alike.

    The mean of the times around the frame, weighted by how alike they are.
    """
    times_s = np.zeros(len(path))
    shown_s = matrix.times_s[path.frames]
    firsts = np.searchsorted(matrix.times_s, shown_s - NEAR_S, "left")
    ends = np.searchsorted(matrix.times_s, shown_s + NEAR_S, "right")
    for number, (query, frame) in enumerate(zip(path.queries, path.frames, strict=True)):
        near = slice(firsts[number], ends[number])
        weights = np.exp((matrix.values[query, near] - matrix.values[query, frame]) / SHARPNESS)
        times_s[number] = (weights @ matrix.times_s[near]) / weights.sum()
    return times_s


def _line(asked_s: FrameTimes, shown_s: FrameTimes, weights: Floats) -> tuple[float, float]:
    """Return slope and offset of the line through the pairs of times, without those far from it."""
    kept = np.ones(len(asked_s), np.bool_)
    slope, offset_s = 0.0, float(np.median(shown_s))
    if len(asked_s) < 2:
        return 1.0, float(shown_s[0] - asked_s[0])
    for _ in range(FIT_ROUNDS):
        slope, offset_s = (float(one) for one in np.polyfit(asked_s[kept], shown_s[kept], 1, w=weights[kept]))
        off_s = np.abs(offset_s + slope * asked_s - shown_s)
        near = off_s <= max(FIT_TOLERANCE_S, float(np.median(off_s)))
        if near.sum() < 2 or (near == kept).all():
            break
        kept = near
    return _unit_speed(slope, offset_s, asked_s[kept], shown_s[kept])


def _unit_speed(
    slope: float, offset_s: float, asked_s: FrameTimes, shown_s: FrameTimes
) -> tuple[float, float]:
    """Return the line with the speed 1 in its direction where that fits nearly as well, else the line."""
    if not slope:
        return slope, offset_s
    unit = math.copysign(1.0, slope)
    shifts_s = shown_s - unit * asked_s
    shift_s = float(shifts_s.mean())
    best = float(np.mean((shown_s - offset_s - slope * asked_s) ** 2))
    excess = float(np.mean((shifts_s - shift_s) ** 2))
    if excess <= UNIT_SPEED_EXCESS * best + UNIT_SPEED_NOISE_S**2:
        return unit, shift_s
    return slope, offset_s


def _carried(time_s: float, source: Span, target: Span) -> float:
    """Return where a time of one span lies in another; the middle of it where the first has no length."""
    length_s = source[1] - source[0]
    share = (time_s - source[0]) / length_s if length_s else 0.5
    return target[0] + share * (target[1] - target[0])
