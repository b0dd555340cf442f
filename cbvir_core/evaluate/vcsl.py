"""VCSL: how well copied segments of pairs of videos are localised.

He et al., *A Large-scale Comprehensive Dataset and Copy-overlap Aware Evaluation Protocol for Segment-level
Video Copy Detection*, CVPR 2022.  The published files are ``label_file_uuid_total.json``, which holds the
true segments by ``query-reference``; ``pair_file_test.csv`` with the columns query_id and reference_id, which
also lists pairs without a copy; and ``split_meta_pairs.json``, which holds the pairs of each query set of a
split.  Found segments have the layout of the labels.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from cbvir_core.errors import InputError
from cbvir_core.evaluate.jsonfile import read_json_dict, read_text
from cbvir_core.evaluate.segments import (
    PrecisionRecall,
    SegmentBoxes,
    harmonic_mean,
    mean_precision_recall,
    overlap_aware,
    segment_boxes,
)

QUERY_SETS, ALL_PAIRS = "query sets", "all pairs"
"""What `VcslResult` averages over."""

PAIR_COLUMNS = ("query_id", "reference_id")

PairSegments = Mapping[str, SegmentBoxes]
"""The segments of each pair of videos by its name, ``query-reference``."""

_NO_SEGMENTS: SegmentBoxes = np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class VcslResult:
    """Precision, recall and F1 in [0, 1], averaged over query sets or over all pairs.

    - `f1`: the harmonic mean of the averaged precision and recall, as the paper has it.
    - `false_rejection`: the share of pairs with a copy for which no segment was found.
    - `false_acceptance`: the share of pairs without a copy for which one was found; None without such pairs.
    """

    average: str
    precision: float
    recall: float
    f1: float
    sets: int
    pairs: int
    false_rejection: float | None = None
    false_acceptance: float | None = None


def read_pair_segments(path: Path) -> PairSegments:
    """Read segments of pairs, true or found, from JSON.

    Raise FileUnreadable.  Raise InputError, naming the pair, for another layout.
    """
    found = read_json_dict(path)
    for pair, values in found.items():
        if not isinstance(values, list) or not all(isinstance(value, list) for value in values):
            raise InputError(f"has no list of segments under {pair!r}", path=path)
    try:
        return {pair: segment_boxes(values) for pair, values in found.items()}
    except ValueError as error:
        raise InputError(f"has a wrong segment: {error}", path=path) from error


def read_pairs(path: Path) -> dict[str, str]:
    """Read the pairs of a split from CSV: the name of each pair with its query, in the order of the file.

    Raise FileUnreadable or InputError.
    """
    rows = csv.DictReader(StringIO(read_text(path)))
    if not set(PAIR_COLUMNS) <= set(rows.fieldnames or ()):
        raise InputError(f"has not the columns {' and '.join(PAIR_COLUMNS)}", path=path)
    pairs = {}
    for row in rows:
        query, reference = (row[column] for column in PAIR_COLUMNS)
        if not query or not reference:
            raise InputError(f"has no pair in line {rows.line_num}", path=path)
        pairs[f"{query}-{reference}"] = query
    return pairs


def read_query_sets(path: Path, split: str) -> dict[str, list[str]]:
    """Read the pairs of each query set of a split from JSON.  Raise FileUnreadable or InputError."""
    content = read_json_dict(path)
    sets = content.get(split)
    if not isinstance(sets, dict):
        known = ", ".join(map(str, content))
        raise InputError(f"has no split {split!r}; it has {known or 'none'}", path=path)
    for name, pairs in sets.items():
        if not isinstance(pairs, list) or not all(isinstance(pair, str) for pair in pairs):
            raise InputError(f"has no list of pairs under {name!r}", path=path)
    return sets


def query_of(pair: str) -> str:
    """Return the query of ``query-reference``.  Raise InputError where a name itself has a hyphen."""
    query, _, reference = pair.partition("-")
    if not query or not reference or "-" in reference:
        raise InputError(f"the pair {pair!r} is not query-reference; name the file of pairs with --pairs")
    return query


def evaluate_vcsl(
    true: PairSegments,
    found: PairSegments,
    pairs: Collection[str],
    query_sets: Mapping[str, Sequence[str]],
) -> list[VcslResult]:
    """Return the averages over query sets and over all pairs.

    - `pairs`: those that are evaluated.  One without true segments has no copy; one that `found` does not
      name has no found segments.
    - `query_sets`: names of pairs.  Only those that are evaluated and have a copy count: the paper averages
      over the pairs of each set first, and then over the sets.

    Over all pairs each one counts the same.  Raise InputError where no pair has a copy.
    """
    judged = {
        pair: overlap_aware(found.get(pair, _NO_SEGMENTS), true.get(pair, _NO_SEGMENTS)) for pair in pairs
    }
    copied = {pair for pair in judged if len(true.get(pair, ()))}
    if not copied:
        raise InputError("none of the pairs has a copied segment")
    counted = [[pair for pair in each if pair in copied] for each in query_sets.values()]
    means = [mean_precision_recall(judged[pair] for pair in each) for each in counted if each]
    results = []
    if means:
        size = sum(map(len, counted))
        results.append(_result(QUERY_SETS, mean_precision_recall(means), len(means), size))
    everything = mean_precision_recall(judged.values())
    rates = _rates(found, copied, judged.keys() - copied)
    return [*results, _result(ALL_PAIRS, everything, 1, len(judged), *rates)]


def _rates(
    found: PairSegments, copied: Collection[str], others: Collection[str]
) -> tuple[float, float | None]:
    missed = sum(not len(found.get(pair, ())) for pair in copied)
    accepted = sum(bool(len(found.get(pair, ()))) for pair in others)
    return missed / len(copied), accepted / len(others) if others else None


def _result(
    average: str,
    mean: PrecisionRecall,
    sets: int,
    pairs: int,
    false_rejection: float | None = None,
    false_acceptance: float | None = None,
) -> VcslResult:
    f1 = harmonic_mean(mean.precision, mean.recall)
    return VcslResult(
        average, mean.precision, mean.recall, f1, sets, pairs, false_rejection, false_acceptance
    )
