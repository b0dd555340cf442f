"""The ways to compare two clips of sixteen frames: one vector, re-ranked or not, or the similarity matrix."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.sequences.material import DescribedClips, SequenceMaterial
from cbvir_core.align import best_path, frame_similarities
from cbvir_core.align.segments import MAX_FRAME_SCORE, MIN_SIMILARITY
from cbvir_core.evaluate import rectangular_average_precision
from cbvir_core.sequences import SequenceModel, best_threshold, proximal_affinity
from cbvir_core.types import Floats, RowMask

NOT_RANKED = -np.inf
"""Score of a clip that a way leaves out: it counts as not found."""

EVERY_COSINE = -2.0
"""A threshold that every cosine passes."""

FLOAT_BYTES = 4

ClipScores = npt.NDArray[np.float64]
"""The similarity of each query and each clip of the gallery, Q x G."""


@dataclass(frozen=True)
class WayScores:
    """The scores of one way, the microseconds of one pair, and the bytes that are kept of a clip."""

    values: ClipScores = field(repr=False)
    us_per_pair: float
    bytes_per_clip: int


def all_ways(material: SequenceMaterial, model: SequenceModel) -> dict[str, WayScores]:
    """Return the scores of every way by its name."""
    queries, gallery = material.queries, material.gallery
    vectors = {
        "LSTM": (model.describe(queries.features), model.describe(gallery.features)),
        "mean pooled": (queries.features.mean(axis=1), gallery.features.mean(axis=1)),
    }
    found = {}
    for name, (asked, known) in vectors.items():
        found[name] = _by_distance(asked, known)
        found[f"{name} + PAR"] = _re_ranked(asked, known, material.relevant)
        found[f"{name}, cosine"] = _by_distance(unit(asked), unit(known))
    found["matrix, best path"] = _by_matrix(queries, gallery, path_score)
    found["matrix, chamfer"] = _by_matrix(queries, gallery, chamfer_score)
    return found


def unit(rows: Floats) -> Floats:
    """Return rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)


def path_score(similarities: Floats) -> float:
    """Return the score of the best path through T x T similarities, forwards or backwards, 0 for none."""
    scores = np.minimum(similarities - MIN_SIMILARITY, MAX_FRAME_SCORE).astype(np.float32)
    return max((path.score for path in (best_path(scores), best_path(scores[:, ::-1])) if path), default=0.0)


def chamfer_score(similarities: Floats) -> float:
    """Return the mean over the query's frames of the most similar frame (chamfer similarity, one way)."""
    return float(similarities.max(axis=1).mean())


def _by_distance(asked: Floats, known: Floats) -> WayScores:
    begun = time.perf_counter()
    values = np.stack([-np.linalg.norm(known - row, axis=1).astype(np.float64) for row in asked])
    return _timed(values, begun, known.shape[1] * FLOAT_BYTES)


def _re_ranked(asked: Floats, known: Floats, relevant: RowMask) -> WayScores:
    """Return the scores of proximal affinity re-ranking of all clips.

    The threshold for the queries of even number is chosen on those of odd number, and the other way round.
    """
    even = np.arange(len(asked)) % 2 == 0
    thresholds = [chosen_threshold(asked[side], known, relevant[side]) for side in (~even, even)]
    begun = time.perf_counter()
    values = np.full((len(asked), len(known)), NOT_RANKED)
    for number, row in enumerate(asked):
        ranking = proximal_affinity(row, known, len(known), thresholds[number % 2])
        values[number, ranking.positions] = -ranking.distances
    return _timed(values, begun, known.shape[1] * FLOAT_BYTES)


def chosen_threshold(asked: Floats, known: Floats, relevant: RowMask) -> float:
    """Return the threshold that separates right from wrong clips best where these queries ask."""
    cosines, same = [], []
    for row, right in zip(asked, relevant, strict=True):
        ranking = proximal_affinity(row, known, len(known), EVERY_COSINE)
        cosines.append(ranking.cosines)
        same.append(right[ranking.positions])
    return best_threshold(np.concatenate(cosines), np.concatenate(same)) if cosines else EVERY_COSINE


def _by_matrix(
    queries: DescribedClips, gallery: DescribedClips, score: Callable[[Floats], float]
) -> WayScores:
    begun = time.perf_counter()
    values = np.array(
        [[score(frame_similarities(query, clip)) for clip in gallery.views] for query in queries.views]
    )
    return _timed(values, begun, int(np.prod(gallery.views.shape[1:])) * FLOAT_BYTES)


def _timed(values: ClipScores, begun: float, bytes_per_clip: int) -> WayScores:
    spent_s = time.perf_counter() - begun
    return WayScores(np.asarray(values, np.float64), 1e6 * spent_s / max(1, values.size), bytes_per_clip)


def mean_average_precision_of(values: ClipScores, relevant: RowMask) -> float:
    """Return the mAP over the queries; clips that are not ranked count as not found."""
    each = []
    for scores, right in zip(values, relevant, strict=True):
        ranked = scores > NOT_RANKED
        each.append(rectangular_average_precision(scores[ranked], right[ranked], int(right.sum())))
    return float(np.mean(each))
