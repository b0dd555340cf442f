"""Table IV of 2D CNN + LSTM: are the clips nearest to a clip of its class, for classes learnt and others?

Ravi and Nandakumar, arXiv:2105.08665, section VI.  The paper gives accuracy, precision, recall and F1 of
the first five results (equations 3-6) and does not say how they are averaged.  Here each result is a
prediction of the query's class: accuracy is the share of right ones, the other three are means over the
classes.  So F1 is not the harmonic mean of the two others; neither is it in the paper's table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from cbvir_core.errors import InputError
from cbvir_core.evaluate.segments import harmonic_mean
from cbvir_core.sequences import (
    ActionClip,
    AffinityRanking,
    are_unit_rows,
    best_threshold,
    is_held_out,
    proximal_affinity,
)
from cbvir_core.types import Floats

RESULTS_AT = 5
"""Results of a query that count (table IV)."""

QUERY_ONE_IN = 10
"""One of so many groups of a class asks; the others are to be found ("90% and 10% proportion")."""

EVERYTHING = -2.0
"""A threshold that every cosine passes: the ranking by Euclidean distance alone."""

THRESHOLD_QUERIES = 200
"""Clips of the gallery at most that the threshold is chosen with."""


@dataclass(frozen=True, slots=True)
class ActionFigures:
    """Accuracy, precision, recall and F1 in [0, 1]; how many of the five results a query has on average."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    results: float


@dataclass(frozen=True, slots=True)
class ActionResult:
    """One line of table IV: a model and a ranking on the classes that were learnt, or on the others."""

    model: str
    ranking: str
    part: str
    accuracy: float
    precision: float
    recall: float
    f1: float
    results: float
    queries: int
    gallery: int
    threshold: float | None


@dataclass(frozen=True, slots=True, eq=False)
class DescribedActions:
    """Labelled clips and their vectors by each model, N x D each, in order."""

    clips: Sequence[ActionClip]
    vectors: Mapping[str, Floats] = field(repr=False)

    def part(self, numbers: Sequence[int]) -> DescribedActions:
        """Return some of the clips."""
        chosen = np.array(numbers, np.int64)
        rows = {name: vectors[chosen] for name, vectors in self.vectors.items()}
        return DescribedActions([self.clips[number] for number in numbers], rows)


def action_figures(wanted: Sequence[str], found: Sequence[Sequence[str]]) -> ActionFigures:
    """Return the figures of queries of the classes `wanted`, whose results have the classes `found`.

    A query may have no result.  Classes are those that occur on either side.  Raise ValueError without any
    result.
    """
    pairs = [(query, result) for query, results in zip(wanted, found, strict=True) for result in results]
    if not pairs:
        raise ValueError("no query has a result")
    each = []
    for action in sorted({name for pair in pairs for name in pair}):
        right = sum(query == result == action for query, result in pairs)
        named, asked = (sum(pair[side] == action for pair in pairs) for side in (1, 0))
        precision, recall = right / named if named else 0.0, right / asked if asked else 0.0
        each.append((precision, recall, harmonic_mean(precision, recall)))
    accuracy = fmean(query == result for query, result in pairs)
    precision, recall, f1 = (fmean(column) for column in zip(*each, strict=True))
    return ActionFigures(accuracy, precision, recall, f1, len(pairs) / len(wanted))


def query_groups(clips: Iterable[ActionClip]) -> set[tuple[str, str]]:
    """Return class and group of those clips that ask: one in ten groups of each class, at least one.

    The choice depends on the names alone.  A class of one group asks nothing: nothing could be found.
    """
    groups: dict[str, set[str]] = {}
    for clip in clips:
        groups.setdefault(clip.action, set()).add(clip.group)
    chosen = set()
    for action, own in groups.items():
        ordered = sorted(own, key=lambda group: hashlib.sha256(f"query {group}".encode()).digest())
        count = max(1, round(len(own) / QUERY_ONE_IN)) if len(own) > 1 else 0
        chosen |= {(action, group) for group in ordered[:count]}
    return chosen


def was_learnt(clip: ActionClip, actions: Collection[str], held_out_one_in: int) -> bool:
    """Return whether a model that learnt `actions` from the same data set has learnt this very clip."""
    return clip.action in actions and not is_held_out(clip.group, held_out_one_in)


def plain_name(action: str) -> str:
    """Return the name of a class without capitals, spaces and signs, to compare it across data sets."""
    return "".join(letter for letter in action.lower() if letter.isalnum())


def evaluate_actions(described: DescribedActions, seen: Collection[str]) -> list[ActionResult]:
    """Return the lines of table IV: each model, by Euclidean distance and re-ranked, seen and unseen classes.

    The clips of seen classes are asked and found among themselves, and so are the others, as in the paper.
    A clip of a query's own group is never in the gallery.  The threshold of the re-ranking is chosen on clips
    of the gallery alone.  Raise InputError where neither part has a query.
    """
    names = {plain_name(action) for action in seen}
    results = []
    for part, wanted in (("seen", True), ("unseen", False)):
        own = [n for n, clip in enumerate(described.clips) if (plain_name(clip.action) in names) is wanted]
        results += _part_results(described.part(own), part)
    if not results:
        raise InputError("no class has clips of two groups: one must ask, and the other be found")
    return results


def _part_results(described: DescribedActions, part: str) -> list[ActionResult]:
    asking = query_groups(described.clips)
    marked = [(clip.action, clip.group) in asking for clip in described.clips]
    groups = {clip.group for clip, asks in zip(described.clips, marked, strict=True) if asks}
    queries = described.part([n for n, asks in enumerate(marked) if asks])
    gallery = described.part([n for n, clip in enumerate(described.clips) if clip.group not in groups])
    if not queries.clips or not gallery.clips:
        return []
    return [result for model in described.vectors for result in _model_results(model, part, queries, gallery)]


def _model_results(
    model: str, part: str, queries: DescribedActions, gallery: DescribedActions
) -> list[ActionResult]:
    rows = gallery.vectors[model]
    threshold = _threshold(rows, [clip.action for clip in gallery.clips])
    rankings = {"Euclidean": EVERYTHING, "PAR, a cut-off" if are_unit_rows(rows) else "PAR": threshold}
    results = []
    for name, limit in rankings.items():
        ranked = [proximal_affinity(query, rows, RESULTS_AT, limit) for query in queries.vectors[model]]
        found = [_actions(ranking, gallery.clips) for ranking in ranked]
        if not any(found):
            continue
        figures = action_figures([clip.action for clip in queries.clips], found)
        results.append(
            ActionResult(
                model,
                name,
                part,
                figures.accuracy,
                figures.precision,
                figures.recall,
                figures.f1,
                figures.results,
                len(queries.clips),
                len(gallery.clips),
                None if limit == EVERYTHING else limit,
            )
        )
    return results


def _actions(ranking: AffinityRanking, clips: Sequence[ActionClip]) -> list[str]:
    return [clips[int(position)].action for position in ranking.positions]


def _threshold(rows: Floats, actions: Sequence[str]) -> float:
    """Return the threshold that separates right neighbours of gallery clips from wrong ones best."""
    cosines, same = [], []
    for number in np.unique(np.linspace(0, len(rows) - 1, THRESHOLD_QUERIES).round().astype(int)):
        ranking = proximal_affinity(rows[number], rows, RESULTS_AT + 1, EVERYTHING)
        for position, cosine in zip(ranking.positions, ranking.cosines, strict=True):
            if position != number:
                cosines.append(float(cosine))
                same.append(actions[int(position)] == actions[number])
    return best_threshold(np.array(cosines), np.array(same, np.bool_))
