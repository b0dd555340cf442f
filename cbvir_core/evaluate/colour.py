"""Table II of 2D CNN + LSTM: what a grey-scale network loses, on pictures in a folder for each class.

Ravi and Nandakumar, arXiv:2105.08665, section V-A: retrieval accuracy among the first hundred results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from cbvir_core.decode import read_picture
from cbvir_core.errors import InputError, NotAPicture
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.networks import DESCRIBE_BATCH_PICTURES
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.sequences import FrameFeatures, are_unit_rows, best_threshold, proximal_affinity
from cbvir_core.types import Floats

COLOUR_RESULTS_AT = 100
"""Results of a query that count (table II)."""

EVERY_COSINE = -2.0
"""A threshold that every cosine passes."""


@dataclass(frozen=True, slots=True)
class ColourResult:
    """One network and ranking: the share of results that have the query's class, in [0, 1].

    `results`: how many a query has on average; `parameters`: numbers that the network has learnt.
    """

    network: str
    ranking: str
    accuracy: float
    results: float
    parameters: int
    pictures: int


def read_classes(folder: Path, notify: Notify = silent) -> tuple[list[Path], list[str]]:
    """Return the pictures of a folder that has a folder for each class, and their classes.

    Raise FileUnreadable for a path that is no folder, and InputError for fewer than two classes.
    """
    paths, classes = [], []
    for path in files_in([folder]):
        if path.parent != folder.resolve():
            paths.append(path)
            classes.append(path.relative_to(folder.resolve()).parts[0])
    if len(set(classes)) < 2:
        raise InputError("has no two folders of pictures, one for each class", path=folder)
    notify(f"{len(paths)} files in {len(set(classes))} classes")
    return paths, classes


def evaluate_colour(
    paths: Sequence[Path],
    classes: Sequence[str],
    encoders: Mapping[str, tuple[FrameFeatures, int]],
    *,
    results_at: int = COLOUR_RESULTS_AT,
    notify: Notify = silent,
) -> list[ColourResult]:
    """Return the retrieval accuracy of each network: among the nearest `results_at`, without the query.

    `encoders` are networks with the number of their parameters, by name.  Features are not normalised.  Every
    second picture asks.  The second ranking keeps of the nearest those whose cosine passes a threshold: the
    one that separates right from wrong results best where the other pictures ask.  Files that are no pictures
    are left out.  Raise InputError where fewer than two pictures are left.
    """
    described, kept = _described(paths, encoders, notify)
    if len(kept) < 2:
        raise InputError("at least two pictures are needed")
    names = [classes[number] for number in kept]
    return [
        result
        for name, (_, parameters) in encoders.items()
        for result in _results(name, parameters, described[name], names, results_at)
    ]


def _results(
    network: str, parameters: int, rows: Floats, classes: Sequence[str], results_at: int
) -> Iterator[ColourResult]:
    labels = np.unique(np.array(classes), return_inverse=True)[1]
    same, cosines = [], []
    for number, row in enumerate(rows):
        ranking = proximal_affinity(row, rows, results_at + 1, EVERY_COSINE)
        others = ranking.positions != number
        same.append((labels[ranking.positions] == labels[number])[others][:results_at])
        cosines.append(ranking.cosines[others][:results_at])
    threshold = best_threshold(np.concatenate(cosines[::2]), np.concatenate(same[::2]))
    counted = range(1, len(rows), 2)
    for ranking_name, limit in (("Euclidean", EVERY_COSINE), (_name(rows), threshold)):
        kept = [same[number][cosines[number] > limit] for number in counted]
        found = sum(map(len, kept))
        accuracy = float(sum(int(each.sum()) for each in kept)) / found if found else 0.0
        yield ColourResult(network, ranking_name, accuracy, found / len(kept), parameters, len(rows))


def _name(rows: Floats) -> str:
    return "PAR, a cut-off" if are_unit_rows(rows) else "PAR"


def _described(
    paths: Sequence[Path], encoders: Mapping[str, tuple[FrameFeatures, int]], notify: Notify
) -> tuple[dict[str, Floats], list[int]]:
    parts: dict[str, list[Floats]] = {name: [] for name in encoders}
    kept: list[int] = []
    readable = _readable(paths, notify)
    while batch := list(islice(readable, DESCRIBE_BATCH_PICTURES)):
        kept += [number for number, _ in batch]
        for name, (encoder, _) in encoders.items():
            parts[name].append(encoder.encode([image for _, image in batch]))
    if not kept:
        raise InputError("at least two pictures are needed")
    return {name: np.concatenate(rows) for name, rows in parts.items()}, kept


def _readable(
    paths: Iterable[Path], notify: Notify
) -> Iterator[tuple[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]]:
    for number, path in enumerate(paths):
        try:
            yield number, read_picture(path)
        except NotAPicture:
            notify(f"left out: {path} is not a picture that can be read")
