"""Precision and recall of copied segments of one pair of videos.

A segment is a box in the plane of the two time lines: start and end in the query, start and end in the
reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from cbvir_core.types import RowMask

SegmentBoxes = npt.NDArray[np.float64]
"""Segments of a pair, N x 4: start in the query, start in the reference, end in the query, end in the
reference, in seconds; a start is before its end."""


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision and recall in [0, 1]."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return their harmonic mean; 0 where both are 0."""
        return harmonic_mean(self.precision, self.recall)


def harmonic_mean(one: float, other: float) -> float:
    """Return the harmonic mean of two figures that are not negative; 0 where both are 0."""
    return 2 * one * other / (one + other) if one + other else 0.0


def mean_precision_recall(each: Iterable[PrecisionRecall]) -> PrecisionRecall:
    """Return the mean precision and the mean recall.  Raise ValueError where there is none."""
    given = tuple(each)
    if not given:
        raise ValueError("there is nothing to average")
    return PrecisionRecall(fmean(one.precision for one in given), fmean(one.recall for one in given))


def segment_boxes(values: Iterable[Iterable[float]]) -> SegmentBoxes:
    """Return segments as an array.

    Raise ValueError, naming the segment, where one has not four finite figures, or starts after its end.
    """
    boxes = np.zeros((0, 4))
    for value in map(list, values):
        row = np.array(value, np.float64) if all(_is_number(one) for one in value) else np.zeros(0)
        if row.shape != (4,) or not np.isfinite(row).all() or (row[:2] > row[2:]).any():
            raise ValueError(f"{value} is not [query start, reference start, query end, reference end]")
        boxes = np.concatenate([boxes, row[None]])
    return boxes


def overlap_aware(found: SegmentBoxes, true: SegmentBoxes) -> PrecisionRecall:
    """Return precision and recall of one pair by VCSL's protocol (He et al., CVPR 2022, section 4).

    Precision is the product of two shares, one for each video: how much of the lengths of the found segments
    is covered by true ones that they overlap with in both videos.  Recall is the same with the roles changed.
    So one long segment found in pieces counts as found, and a box around everything does not.  A pair without
    found segments has precision 1, and one without true ones recall 1, as in the authors' program.
    """
    if not len(found) or not len(true):
        return PrecisionRecall(0.0 if len(found) else 1.0, 0.0 if len(true) else 1.0)
    return PrecisionRecall(_covered_share(found, true), _covered_share(true, found))


def overlapping(found: SegmentBoxes, true: SegmentBoxes) -> RowMask:
    """Return which pairs of found (N) and true (M) segments overlap in both videos, N x M."""
    starts = np.maximum(found[:, None, :2], true[None, :, :2])
    ends = np.minimum(found[:, None, 2:], true[None, :, 2:])
    return np.asarray((starts < ends).all(axis=2), np.bool_)


def _covered_share(boxes: SegmentBoxes, others: SegmentBoxes) -> float:
    """Return the product over both videos of the share of the boxes' lengths that others cover."""
    touched = overlapping(boxes, others)
    share = 1.0
    for start, end in ((0, 2), (1, 3)):
        covered = 0.0
        for box, which in zip(boxes, touched, strict=True):
            starts = np.maximum(others[which, start], box[start])
            covered += _union_length(starts, np.minimum(others[which, end], box[end]))
        whole = float((boxes[:, end] - boxes[:, start]).sum())
        share *= covered / whole if whole else 0.0
    return share


def _union_length(starts: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]) -> float:
    """Return the length of the union of intervals."""
    length = reached = 0.0
    for number, at in enumerate(np.argsort(starts, kind="stable")):
        start = float(starts[at]) if not number else max(float(starts[at]), reached)
        length += max(0.0, float(ends[at]) - start)
        reached = float(ends[at]) if not number else max(reached, float(ends[at]))
    return length


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
