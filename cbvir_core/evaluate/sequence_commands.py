"""The commands about 2D CNN + LSTM: the tables II, III and IV of its paper (arXiv:2105.08665)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cbvir_core.errors import DecodeError, InputError, needs_torch
from cbvir_core.evaluate.actions import (
    EVERYTHING,
    RESULTS_AT,
    DescribedActions,
    evaluate_actions,
    plain_name,
    was_learnt,
)
from cbvir_core.evaluate.colour import evaluate_colour, read_classes
from cbvir_core.evaluate.report import EvaluationReport, Notify, TableColumn
from cbvir_core.evaluate.similar import find_similar
from cbvir_core.sequences import (
    ActionClip,
    ActionLayout,
    ClipFeatures,
    FrameFeatures,
    SequenceModel,
    are_unit_rows,
    read_actions,
    read_clip_features,
)
from cbvir_core.types import Floats
from cbvir_core.weights import find_profile, fingerprint

PAPER_COSTS_NOTE = (
    "the paper: 2D CNN + LSTM 4.5 million, 22.5 MB, 0.8 s; 3D CNN 46 million, 305 MB, 1.2 s; neither its "
    "text nor its published code shows such a 3D CNN"
)
AFFINITY_NOTE = (
    "PAR: of the nearest by Euclidean distance, those whose cosine passes a threshold chosen on other clips; "
    "the features are not normalised, for of unit rows it is only a cut-off"
)
ACTION_FIGURES_NOTE = (
    "each result predicts the query's class: accuracy is the share of right ones, the others are means over "
    "the classes"
)
UCF_LAYOUTS = frozenset({"ucf50", "ucf101"})
"""Layouts of two sets that share their clips."""

WHOLE_CLIP_S = 1e9
"""Length of a chunk that no clip has: a labelled clip is one clip, whatever its length."""

READ_NOTIFY_EVERY = 100


def colour(folder: Path, weights: Path | None, results_at: int, notify: Notify) -> EvaluationReport:
    """Return Table II.  Raise InputError, FileUnreadable, or the errors of bad weight files."""
    from cbvir_core.sequences.feature_encoder import FeatureEncoder

    with needs_torch():
        from cbvir_core.sequences.feature_network import count_parameters, load_features
    paths, classes = read_classes(folder, notify)
    file = _filter(weights)
    encoders: dict[str, tuple[FrameFeatures, int]] = {
        name: (FeatureEncoder(file, grey=grey), count_parameters(load_features(file, grey=grey)))
        for name, grey in (("colour", False), ("grey-scale", True))
    }
    saved = encoders["colour"][1] - encoders["grey-scale"][1]
    return EvaluationReport(
        table="II",
        title="colour and grey-scale networks",
        columns=(
            TableColumn("Network", "network"),
            TableColumn("Ranking", "ranking"),
            TableColumn(f"Accuracy(%) at {results_at}", "accuracy", 2, 100.0),
            TableColumn("Results", "results", 1),
            TableColumn("Parameters", "parameters"),
        ),
        rows=evaluate_colour(paths, classes, encoders, results_at=results_at, notify=notify),
        reading=(
            "accuracy: the share of results that have the query's class; a query is not its own result",
            AFFINITY_NOTE,
            f"the grey-scale network is the same with its first kernel summed; it saves {saved} parameters",
            "the paper, CIFAR10: 81.62 in colour, 80.03 in grey",
        ),
        conditions=(f"{len(paths)} files in {len(set(classes))} classes; every second one asks", file.name),
    )


def complexity(weights: Path | None, threads: int) -> EvaluationReport:
    """Return Table III.  Raise the errors of bad weight files."""
    with needs_torch():
        from cbvir_core.sequences.complexity import model_costs
    file = _filter(weights)
    return EvaluationReport(
        table="III",
        title="2D CNN + LSTM and a 3D CNN",
        columns=(
            TableColumn("Model", "model"),
            TableColumn("Parameters (million)", "parameters", 2, 1e-6),
            TableColumn("Size (MB, float32)", "size_bytes", 1, 1e-6),
            TableColumn("Seconds for 16x224x224x3", "clip_s", 3),
        ),
        rows=model_costs(file, threads=threads),
        reading=("3D CNN: the eight convolutions of C3D and one layer of 256", PAPER_COSTS_NOTE),
        conditions=(
            f"{file.name}; OpenVINO in float32, threads {threads}",
            f"{len(os.sched_getaffinity(0))} processors; times hold for this machine alone",
        ),
    )


def actions(
    folders: Sequence[tuple[ActionLayout, Path]],
    sequence: Path,
    seen: Sequence[str],
    weights: Path | None,
    notify: Notify,
) -> EvaluationReport:
    """Return Table IV.  Raise InputError, FileUnreadable, or the errors of bad weight files."""
    from cbvir_core.sequences.feature_encoder import FeatureEncoder

    model, file = SequenceModel(sequence), _filter(weights)
    model.check_filter(fingerprint(file))
    encoder = FeatureEncoder(file)
    clips = [clip for layout, folder in folders for clip in _fresh(folder, layout, model)]
    notify(f"{len(clips)} clips that were not learnt")
    described = _described(clips, encoder, model, notify)
    names = (*model.actions, *seen)
    counted = sorted({plain_name(clip.action) for clip in described.clips})
    return EvaluationReport(
        table="IV",
        title=f"first {RESULTS_AT} results, classes that were learnt and others",
        columns=(
            TableColumn("Model", "model"),
            TableColumn("Ranking", "ranking"),
            TableColumn("Classes", "part"),
            TableColumn("Accuracy", "accuracy", 4),
            TableColumn("Precision", "precision", 4),
            TableColumn("Recall", "recall", 4),
            TableColumn("F1", "f1", 4),
            TableColumn("Results", "results", 2),
            TableColumn("Queries", "queries"),
            TableColumn("Gallery", "gallery"),
        ),
        rows=evaluate_actions(described, names),
        reading=(ACTION_FIGURES_NOTE, AFFINITY_NOTE, "mean pooled: the mean of the clip's features"),
        conditions=(
            f"{len(counted)} classes, {sum(plain_name(name) in counted for name in names)} of them learnt",
            f"{sequence.name}: {model.header.label}",
        ),
    )


def similar(
    query: Path,
    folders: Sequence[Path],
    sequence: Path | None,
    weights: Path | None,
    k: int,
    threshold: float | None,
    notify: Notify,
) -> EvaluationReport:
    """Return the nearest pictures or clips, re-ranked where there is a threshold.

    Raise InputError, FileUnreadable, DecodeError, or the errors of bad weight files.
    """
    from cbvir_core.sequences.feature_encoder import FeatureEncoder

    file, model = _filter(weights), SequenceModel(sequence) if sequence else None
    if model is not None:
        model.check_filter(fingerprint(file))
    limit = EVERYTHING if threshold is None else threshold
    encoder = FeatureEncoder(file)
    results, rows = find_similar(query, folders, encoder, model, k=k, threshold=limit, notify=notify)
    return EvaluationReport(
        table="Similar",
        title=query.name,
        columns=(
            TableColumn("Rank", "rank"),
            TableColumn("File", "file"),
            TableColumn("Start (s)", "start_s", 1),
            TableColumn("End (s)", "end_s", 1),
            TableColumn("Distance", "distance", 3),
            TableColumn("Cosine", "cosine", 3),
        ),
        rows=results,
        reading=_affinity_notes(threshold, k, are_unit_rows(rows)),
        conditions=(f"{len(rows)} compared", file.name, *((model.header.label,) if model else ())),
    )


def _affinity_notes(threshold: float | None, k: int, unit: bool) -> tuple[str, ...]:
    if threshold is None:
        return (f"the nearest {k} by Euclidean distance",)
    kept = f"of the nearest {k} by Euclidean distance, those with a cosine above {threshold:g}"
    cut_off = "the vectors are of unit length: both orders are one, and the threshold only cuts the list off"
    return (kept, cut_off) if unit else (kept,)


def _filter(weights: Path | None) -> Path:
    return weights or find_profile("builtin", None).filter


def _fresh(folder: Path, layout: ActionLayout, model: SequenceModel) -> list[ActionClip]:
    """Return the clips of a folder that the model has not learnt."""
    learnt = str(model.header.details.get("layout", ""))
    same_set = layout == learnt or {layout, learnt} <= UCF_LAYOUTS
    return [
        clip
        for clip in read_actions(folder, layout)
        if not (same_set and was_learnt(clip, model.actions, model.held_out_one_in))
    ]


def _described(
    clips: Sequence[ActionClip], encoder: FrameFeatures, model: SequenceModel, notify: Notify
) -> DescribedActions:
    kept: list[ActionClip] = []
    described: list[ClipFeatures] = []
    for number, clip in enumerate(clips):
        try:
            found = next(read_clip_features(clip.path, encoder, chunk_s=WHOLE_CLIP_S, steps=model.steps))
        except (InputError, DecodeError) as error:
            notify(f"left out: {error}")
            continue
        kept.append(clip)
        described.append(found)
        if number % READ_NOTIFY_EVERY == READ_NOTIFY_EVERY - 1:
            notify(f"{number + 1} clips")
    if not described:
        raise InputError("none of the clips can be read")
    pooled: Floats = np.stack([clip.features.mean(axis=0) for clip in described])
    return DescribedActions(kept, {"2D CNN + LSTM": model.describe_clips(described), "mean pooled": pooled})
