"""VCDB: which copied segments of videos are found, where any overlap counts.

Jiang, Jiang, Wang, *VCDB: A Large-Scale Database for Partial Copy Detection in Videos*, ECCV 2014.  The
published annotation is a folder of text files.  Each line names a pair of copied segments: two videos, start
and end in the first, start and end in the second, as ``a.flv,b.flv,00:01:10,00:01:25,00:00:00,00:00:15``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.errors import InputError
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.jsonfile import read_text
from cbvir_core.evaluate.segments import SegmentBoxes, harmonic_mean, overlapping, segment_boxes

VCDB_CELLS = 6
"""Values in a line of the annotation."""

VideoPair = tuple[str, str]
"""The names of two videos, in alphabetical order."""


@dataclass(frozen=True, slots=True)
class VcdbResult:
    """Precision, recall and F1 in [0, 1], and how many segments were found, are right, and are true.

    `right` counts found segments, `reached` true ones: several found segments may reach one true one.
    """

    precision: float
    recall: float
    f1: float
    found: int
    right: int
    true: int
    reached: int


def read_vcdb(path: Path) -> dict[VideoPair, SegmentBoxes]:
    """Read pairs of segments, true or found, from a file of lines or from all files of a folder.

    Times are ``HH:MM:SS``, ``MM:SS`` or seconds, with decimals where there are any.  The order of the two
    videos does not matter.  Raise FileUnreadable.  Raise InputError, with the line, for another layout, and
    where there is no line.
    """
    segments: dict[VideoPair, list[list[float]]] = {}
    for file in files_in([path]) if path.is_dir() else [path]:
        for pair, box in _lines(file):
            segments.setdefault(pair, []).append(box)
    if not segments:
        raise InputError("names no copied segments", path=path)
    return {pair: segment_boxes(boxes) for pair, boxes in segments.items()}


def evaluate_vcdb(
    true: Mapping[VideoPair, SegmentBoxes], found: Mapping[VideoPair, SegmentBoxes]
) -> VcdbResult:
    """Return precision, recall and F1 over all segments of all pairs.

    A found segment is right where it overlaps, in both videos, with one true segment of the pair, by
    however little.  Recall is the share of true segments that a found one overlaps with so.  A pair that is
    only in `found` has false segments.
    """
    right = reached = 0
    for pair in true.keys() & found.keys():
        both = overlapping(found[pair], true[pair])
        right += int(both.any(axis=1).sum())
        reached += int(both.any(axis=0).sum())
    found_count, true_count = (sum(map(len, each.values())) for each in (found, true))
    precision = right / found_count if found_count else 0.0
    recall = reached / true_count if true_count else 0.0
    return VcdbResult(
        precision, recall, harmonic_mean(precision, recall), found_count, right, true_count, reached
    )


def _lines(path: Path) -> Iterator[tuple[VideoPair, list[float]]]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        cells = [cell.strip() for cell in line.split(",")]
        if cells == [""]:
            continue
        try:
            yield _segment_pair(cells)
        except ValueError as error:
            raise InputError(f"line {number}: {error}", path=path) from error


def _segment_pair(cells: list[str]) -> tuple[VideoPair, list[float]]:
    """Return the pair and its box of the values of a line; the videos in alphabetical order."""
    if len(cells) != VCDB_CELLS or not all(cells):
        raise ValueError(f"{len(cells)} values, not video, video, start, end, start, end")
    one, other = cells[:2]
    start, end, other_start, other_end = map(_seconds, cells[2:])
    if other < one:
        one, other = other, one
        start, end, other_start, other_end = other_start, other_end, start, end
    box = [start, other_start, end, other_end]
    segment_boxes([box])
    return (one, other), box


def _seconds(text: str) -> float:
    parts = text.split(":")
    try:
        values = np.array([float(part) for part in parts])
    except ValueError:
        raise ValueError(f"{text!r} is not a time") from None
    if len(parts) > 3 or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"{text!r} is not a time")
    return math.fsum(float(value) * 60**power for power, value in enumerate(values[::-1]))
