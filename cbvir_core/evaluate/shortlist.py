"""What a shortlist saves and loses, on pictures without ground truth (last column of Table IV)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.decode import read_picture
from cbvir_core.errors import InputError, NotAPicture
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.methods import (
    MORESO_METHOD,
    Positions,
    RankingMethod,
    cosine_within,
    moreso,
    nearest_first,
    ranking_methods,
    refine_rows,
    shortlisted,
    within_distance,
)
from cbvir_core.evaluate.networks import DescribedPictures, EvaluatedEncoders, describe
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.search import SHORTLIST_SHARE
from cbvir_core.types import Image, Rows

SHORTLIST_SHARES = (0.02, 0.05, SHORTLIST_SHARE, 0.2)
"""Shares of the gallery that are shortlisted, the paper's among them."""

MAX_SHORTLIST_QUERIES = 100
NEAREST_PICTURES = 10


@dataclass(frozen=True, slots=True)
class ShortlistResult:
    """One method.  `share` and `shortlisted` are None without a shortlist; of one by distance, `shortlisted`
    is the mean.

    `kept_first` and `kept_ten` are means over the queries: the share of the nearest picture, and of the
    ten nearest, by SOLAR that are on the shortlist.  They are None where no SOLAR is there to compare with.
    """

    model: str
    share: float | None
    shortlisted: int | None
    efficiency: float
    kept_first: float | None
    kept_ten: float | None


def evaluate_shortlist(
    folders: Iterable[Path],
    encoders: EvaluatedEncoders,
    *,
    shares: Sequence[float] = SHORTLIST_SHARES,
    distance: float | None = None,
    clock: EvaluationClock = time.perf_counter,
    notify: Notify = silent,
) -> list[ShortlistResult]:
    """Return the feature extraction efficiency of each method, and how much of SOLAR's answer it keeps.

    The gallery is the pictures in the folders; files that are not pictures are skipped.  Up to
    `MAX_SHORTLIST_QUERIES` of them, evenly spread, are the queries; a query is not its own answer.
    `distance` adds a shortlist of what lies within it, the published code's rule.  Raise InputError for fewer
    than two pictures.
    """
    gallery = describe(encoders, _pictures(folders, notify), clock)
    if len(gallery) < 2:
        raise InputError("at least two pictures are needed")
    compared = [
        method for method in ranking_methods(encoders.refine is not None) if method.name != MORESO_METHOD
    ]
    results = [_alone(method, gallery) for method in compared]
    if gallery.refine is None:
        return results
    near = [] if distance is None else [_within(distance, gallery)]
    return [_shortlisted(moreso(share), share, gallery) for share in sorted(shares)] + near + results


def _alone(method: RankingMethod, gallery: DescribedPictures) -> ShortlistResult:
    return ShortlistResult(method.name, None, None, method.efficiency(gallery), None, None)


def _shortlisted(method: RankingMethod, share: float, gallery: DescribedPictures) -> ShortlistResult:
    count = shortlisted(len(gallery), share)
    kept = [_kept(gallery, number, count) for number in _asked(gallery)]
    first, ten = (float(np.mean(values)) for values in zip(*kept, strict=True))
    return ShortlistResult(method.name, share, count, method.efficiency(gallery), first, ten)


def _within(distance: float, gallery: DescribedPictures) -> ShortlistResult:
    rows = gallery.filter.rows
    counts = {
        number: int((rows @ rows[number] >= cosine_within(distance)).sum()) - 1 for number in _asked(gallery)
    }
    kept = [_kept(gallery, number, count) for number, count in counts.items()]
    first, ten = (float(np.mean(values)) for values in zip(*kept, strict=True))
    method = within_distance(distance, gallery, gallery)
    mean = round(float(np.mean(list(counts.values()))))
    return ShortlistResult(method.name, None, mean, method.efficiency(gallery), first, ten)


def _asked(gallery: DescribedPictures) -> list[int]:
    last = len(gallery) - 1
    return [int(at) for at in np.unique(np.linspace(0, last, MAX_SHORTLIST_QUERIES).round().astype(int))]


def _kept(gallery: DescribedPictures, number: int, count: int) -> tuple[float, float]:
    """Return the shares of the nearest and the ten nearest by SOLAR that the shortlist of `count` keeps."""
    short = _others(gallery.filter.rows, number)[:count]
    wanted = _others(refine_rows(gallery), number)[:NEAREST_PICTURES]
    held = np.isin(wanted, short)
    return float(held[0]), float(held.mean())


def _others(rows: Rows, number: int) -> Positions:
    order = nearest_first(rows, rows[number])
    others: Positions = order[order != number]
    return others


def _pictures(folders: Iterable[Path], notify: Notify) -> Iterator[Image]:
    for path in files_in(folders):
        try:
            yield read_picture(path)
        except NotAPicture:
            notify(f"left out: {path} is not a picture that can be read")
