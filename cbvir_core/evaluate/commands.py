"""The four commands: each makes one of the paper's tables from files that the user names.

Annotations are read before networks are loaded, so that an error in them is reported at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cbvir_core.decode import Mode
from cbvir_core.embed import RuntimeOptions
from cbvir_core.evaluate.extraction import NETWORK_METHODS
from cbvir_core.evaluate.instances import read_instances
from cbvir_core.evaluate.joined import TrueShots, join_clips
from cbvir_core.evaluate.keyframes import evaluate_keyframes
from cbvir_core.evaluate.landmarks import evaluate_landmarks
from cbvir_core.evaluate.networks import (
    COMPARED_NETWORKS,
    EvaluatedEncoders,
    LoadEncoders,
    NetworkChoice,
    open_network,
)
from cbvir_core.evaluate.report import EvaluationReport, Notify, TableColumn
from cbvir_core.evaluate.retrieval import RetrievalResult, evaluate_retrieval
from cbvir_core.evaluate.shortlist import evaluate_shortlist
from cbvir_core.evaluate.tables import read_queries, read_shots

NO_REFINEMENT_NOTE = (
    "there are no SOLAR weights: the filter ranks alone, and neither MoReSo nor SOLAR is in the table"
)
EXACT_NEIGHBOURS_NOTE = "neighbours are exact; what is not on the shortlist counts as not found"
PRECISION_NOTES = (
    "mAP: by trapezoids, as the revisited protocol",
    "rect.: by rectangles; rect.@10: of the first ten ranks, as MoReSo's published code",
    "micro: average precision by rectangles over all pairs of a query and a picture",
)
EXTRACTION_EFFICIENCY_NOTE = (
    "FE efficiency: pictures of the gallery per second of feature extraction for one query"
)


class ShortlistRule(NamedTuple):
    """What MoReSo shortlists: a share of the gallery, and in a row of its own what lies within a distance."""

    share: float
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class KeyframeData:
    """The videos of Table II and their true shots; joined from clips where `joined_s` is not None.

    `keep` is the folder that the joined film is kept in; None: it is deleted.
    """

    folder: Path
    shots: Path | None = None
    joined_s: float | None = None
    keep: Path | None = None

    @contextmanager
    def true_shots(self, notify: Notify) -> Iterator[TrueShots | None]:
        """Yield the true shots, None where there are none.  Raise what `read_shots`, `join_clips` raise."""
        if self.joined_s is None:
            yield read_shots(self.shots, self.folder) if self.shots else None
            return
        with tempfile.TemporaryDirectory(prefix="cbvir-joined-") as made:
            seconds = self.joined_s or None
            yield join_clips(self.folder, self.keep or Path(made), seconds=seconds, notify=notify)


def keyframes(
    data: KeyframeData,
    forms: Sequence[str],
    mode: Mode,
    networks: Mapping[str, Path],
    runtime: RuntimeOptions,
    notify: Notify,
    known: TrueShots | None = None,
) -> EvaluationReport:
    """Return Table II.  `networks` are weight files of `NETWORK_METHODS`; `known` are shots already read.

    Raise InputError, DecodeError, FileUnreadable, or what `open_network` raises.
    """
    encoders = {name: open_network(path, NetworkChoice(runtime)) for name, path in networks.items()}
    with data.true_shots(notify) if known is None else nullcontext(known) as shots:
        results = evaluate_keyframes(
            data.folder, shots, forms=(*forms, *encoders), mode=mode, encoders=encoders, notify=notify
        )
    first = results[0]
    missing = tuple(
        f"{name} is not in the table: bring torchvision's {file} (IMAGENET1K_V1) and name it with --{name}"
        for name, file in NETWORK_METHODS.items()
        if name not in encoders
    )
    return EvaluationReport(
        table="II",
        title="keyframe extraction",
        columns=(
            TableColumn("Method", "method"),
            TableColumn("Efficiency ratio", "efficiency", 2),
            TableColumn("Processor s/h", "processor_s"),
            TableColumn("Accuracy", "accuracy", 3),
            TableColumn("Redundancy", "redundancy", 3),
            TableColumn("Keyframes", "keyframes"),
        ),
        rows=results,
        reading=(
            "efficiency ratio: seconds of video per second of decoding and extraction",
            "processor s/h: processor seconds per hour of video",
            "accuracy: the share of shots in which a keyframe lies",
            "redundancy: the share of keyframes that could go without a shot being lost",
        ),
        conditions=(
            f"{_counted(first.videos, 'video')}, {first.video_s:.0f} s, {first.shots} shots, mode {mode}",
            *missing,
            _machine(),
        ),
    )


def retrieval(
    folder: Path, queries: Path, load: LoadEncoders, rule: ShortlistRule, with_library: bool, notify: Notify
) -> EvaluationReport:
    """Return Table III.  Raise InputError, NotAPicture, DecodeError or FileUnreadable."""
    annotated = read_queries(queries, folder)
    encoders = load()
    results = evaluate_retrieval(
        folder, annotated, encoders, **rule._asdict(), with_library=with_library, notify=notify
    )
    return retrieval_report(results, encoders, rule)


def retrieval_report(
    results: Sequence[RetrievalResult], encoders: EvaluatedEncoders, rule: ShortlistRule
) -> EvaluationReport:
    """Return Table III of results."""
    first = results[0]
    return EvaluationReport(
        table="III",
        title="the whole",
        columns=(
            TableColumn("Model", "model"),
            TableColumn("mAP(%)", "mean_ap", 2, 100.0),
            TableColumn("rect. mAP(%)", "rectangular_ap", 2, 100.0),
            TableColumn("Efficiency ratio", "efficiency", 2),
        ),
        rows=results,
        reading=(
            "mAP: by trapezoids; rect. mAP: by rectangles, as MoReSo's published code",
            "an occurrence is found by the first keyframe in it, further ones do not count",
            "efficiency ratio: seconds of video per second of keyframes, descriptors and one search",
            EXACT_NEIGHBOURS_NOTE,
        ),
        conditions=(
            f"{first.queries} queries",
            f"{_counted(first.videos, 'video')}, {first.video_s:.0f} s, {first.keyframes} keyframes",
            *_networks(encoders, rule),
        ),
    )


def shortlist(
    folders: Sequence[Path],
    load: LoadEncoders,
    shares: Sequence[float],
    distance: float | None,
    notify: Notify,
) -> EvaluationReport:
    """Return the last column of Table IV.  Raise InputError or FileUnreadable."""
    encoders = load()
    return EvaluationReport(
        table="IV",
        title="feature extraction with a shortlist",
        columns=(
            TableColumn("Model", "model"),
            TableColumn("Share(%)", "share", 1, 100.0),
            TableColumn("Shortlisted", "shortlisted"),
            TableColumn("FE efficiency", "efficiency", 2),
            TableColumn("Nearest kept", "kept_first", 3),
            TableColumn("Ten nearest kept", "kept_ten", 3),
        ),
        rows=evaluate_shortlist(folders, encoders, shares=shares, distance=distance, notify=notify),
        reading=(
            EXTRACTION_EFFICIENCY_NOTE,
            "kept: how many of SOLAR's own nearest pictures are on the shortlist",
        ),
        conditions=_networks(encoders, None),
    )


def landmarks(
    truth: Path, folder: Path | None, load: LoadEncoders, rule: ShortlistRule, notify: Notify
) -> EvaluationReport:
    """Return Table IV.  Raise InputError, NotAPicture or FileUnreadable."""
    ground_truth, pictures = read_instances(truth, folder)
    encoders = load()
    return EvaluationReport(
        table="IV",
        title=truth.name,
        columns=(
            TableColumn("Model", "model"),
            TableColumn("Setup", "setup"),
            TableColumn("mAP(%)", "mean_ap", 2, 100.0),
            TableColumn("rect.(%)", "rectangular_ap", 2, 100.0),
            TableColumn("rect.@10(%)", "published_ap", 2, 100.0),
            TableColumn("micro(%)", "micro_ap", 2, 100.0),
            TableColumn("mP@1(%)", "mean_p1", 2, 100.0),
            TableColumn("mP@5(%)", "mean_p5", 2, 100.0),
            TableColumn("mP@10(%)", "mean_p10", 2, 100.0),
            TableColumn("FE efficiency", "efficiency", 2),
        ),
        rows=evaluate_landmarks(ground_truth, pictures, encoders, **rule._asdict(), notify=notify),
        reading=(*PRECISION_NOTES, EXTRACTION_EFFICIENCY_NOTE, EXACT_NEIGHBOURS_NOTE),
        conditions=(
            f"{len(ground_truth.questions)} queries, {len(ground_truth.pictures)} pictures",
            *_networks(encoders, rule),
        ),
    )


def _networks(encoders: EvaluatedEncoders, rule: ShortlistRule | None) -> tuple[str, ...]:
    runtime = encoders.runtime
    lines = [
        *encoders.labels,
        f"device {runtime.device}, runtime {runtime.runtime}, threads {runtime.threads}",
    ]
    if encoders.refine is None:
        lines.append(NO_REFINEMENT_NOTE)
    missing = [name for name in COMPARED_NETWORKS if name not in encoders.others]
    lines += [f"{name} is not in the table: {COMPARED_NETWORKS[name]}" for name in missing]
    if encoders.refine is not None and rule is not None:
        near = "" if rule.distance is None else f", or what lies within {rule.distance:g} by the filter"
        lines.append(f"the shortlist is {rule.share:.1%} of the gallery{near}")
    return (*lines, _machine())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _machine() -> str:
    return f"{len(os.sched_getaffinity(0))} processors; times hold for this machine alone"
