"""The commands about videos as queries: scores and copied segments against published annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cbvir_core.evaluate.fivr import FIVR_TASK_LABELS, evaluate_fivr, videos_at_hand
from cbvir_core.evaluate.fivr_files import read_fivr, read_scores, read_video_names
from cbvir_core.evaluate.report import EvaluationReport, TableColumn
from cbvir_core.evaluate.vcdb import evaluate_vcdb, read_vcdb
from cbvir_core.evaluate.vcsl import (
    evaluate_vcsl,
    query_of,
    read_pair_segments,
    read_pairs,
    read_query_sets,
)

_PRECISION_RECALL = (
    TableColumn("Precision(%)", "precision", 2, 100.0),
    TableColumn("Recall(%)", "recall", 2, 100.0),
    TableColumn("F1(%)", "f1", 2, 100.0),
)


def fivr(annotation: Path, scores: Path, version: str, videos: Path | None) -> EvaluationReport:
    """Return mAP and micro-AP of FIVR's three tasks.  Raise InputError or FileUnreadable."""
    truth = read_fivr(annotation, version)
    given = read_scores(scores)
    at_hand = videos_at_hand(truth, given, read_video_names(videos) if videos else None)
    missing = len(truth.labels.keys() - given.keys())
    return EvaluationReport(
        table="FIVR-200K",
        title=scores.name,
        columns=(
            TableColumn("Task", "task"),
            TableColumn("mAP(%)", "mean_ap", 2, 100.0),
            TableColumn("micro-AP(%)", "micro_ap", 2, 100.0),
            TableColumn("Queries", "queries"),
            TableColumn("Positives", "positives"),
        ),
        rows=evaluate_fivr(truth, given, at_hand),
        reading=(
            *(f"{task}: positives are {' + '.join(labels)}" for task, labels in FIVR_TASK_LABELS.items()),
            "average precision by rectangles; a query is not its own answer; equal scores rank together",
            "micro-AP: the pairs of all queries in one ranking",
        ),
        conditions=(
            f"{len(at_hand)} videos at hand; positives that are not among them do not count",
            f"{missing} queries of the annotation have no scores and do not count",
        ),
    )


def vcsl(
    labels: Path, segments: Path, pairs: Path | None, query_sets: Path | None, split: str
) -> EvaluationReport:
    """Return precision, recall and F1 of segments by VCSL's protocol.  Raise InputError or FileUnreadable."""
    true, found = read_pair_segments(labels), read_pair_segments(segments)
    queries = read_pairs(pairs) if pairs else {pair: query_of(pair) for pair in true}
    sets = read_query_sets(query_sets, split) if query_sets else _by_query(queries)
    absent = sum(pair not in found for pair in queries)
    return EvaluationReport(
        table="VCSL",
        title=segments.name,
        columns=(
            TableColumn("Mean over", "average"),
            *_PRECISION_RECALL,
            TableColumn("FRR(%)", "false_rejection", 2, 100.0),
            TableColumn("FAR(%)", "false_acceptance", 2, 100.0),
            TableColumn("Pairs", "pairs"),
        ),
        rows=evaluate_vcsl(true, found, list(queries), sets),
        reading=(
            "precision and recall: shares of the segments' lengths, in both videos, that are covered",
            "query sets: pairs with a copy, averaged in each set and then over the sets",
            "all pairs: each listed pair counts the same, those without a copy too",
            "FRR: pairs with a copy where nothing was found; FAR: pairs without one where something was",
        ),
        conditions=(f"{len(queries)} pairs; {absent} of them are not in {segments.name}: nothing found",),
    )


def vcdb(annotation: Path, segments: Path) -> EvaluationReport:
    """Return precision, recall and F1 of segments by VCDB's protocol.  Raise InputError or FileUnreadable."""
    true, found = read_vcdb(annotation), read_vcdb(segments)
    return EvaluationReport(
        table="VCDB",
        title=segments.name,
        columns=(
            *_PRECISION_RECALL,
            TableColumn("Found", "found"),
            TableColumn("Right", "right"),
            TableColumn("True", "true"),
            TableColumn("Reached", "reached"),
        ),
        rows=[evaluate_vcdb(true, found)],
        reading=("a found segment is right where it overlaps with a true one in both videos",),
        conditions=(f"{len(true)} pairs of videos with a copy, {len(found)} pairs with a found segment",),
    )


def _by_query(queries: Mapping[str, str]) -> dict[str, Sequence[str]]:
    sets: dict[str, list[str]] = {}
    for pair, query in queries.items():
        sets.setdefault(query, []).append(pair)
    return dict(sets)
