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
    moreso,
    nearest_first,
    ranking_methods,
    refine_rows,
    shortlisted,
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
    """One method.  `share` and `shortlisted` are None without a shortlist.

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
    clock: EvaluationClock = time.perf_counter,
    notify: Notify = silent,
) -> list[ShortlistResult]:
    """Return the feature extraction efficiency of each method, and how much of SOLAR's answer it keeps.

    The gallery is the pictures in the folders; files that are not pictures are skipped.  Up to
    `MAX_SHORTLIST_QUERIES` of them, evenly spread, are the queries; a query is not its own answer.
    Raise InputError for fewer than two pictures.
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
    return [_shortlisted(moreso(share), share, gallery) for share in sorted(shares)] + results


def _alone(method: RankingMethod, gallery: DescribedPictures) -> ShortlistResult:
    return ShortlistResult(method.name, None, None, method.efficiency(gallery), None, None)


def _shortlisted(method: RankingMethod, share: float, gallery: DescribedPictures) -> ShortlistResult:
    count = shortlisted(len(gallery), share)
    asked = np.unique(np.linspace(0, len(gallery) - 1, MAX_SHORTLIST_QUERIES).round().astype(int))
    kept = [_kept(gallery, int(number), count) for number in asked]
    first, ten = (float(np.mean(values)) for values in zip(*kept, strict=True))
    return ShortlistResult(method.name, share, count, method.efficiency(gallery), first, ten)


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
