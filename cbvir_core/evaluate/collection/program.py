"""What the report of a collection runs, step by step, with a progress bar."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress

from cbvir_core.embed import RuntimeOptions
from cbvir_core.errors import InputError
from cbvir_core.evaluate import commands
from cbvir_core.evaluate.collection.answers import (
    CollectionQuestion,
    answer_charts,
    ask,
    frames_of_shots,
    questions_of,
)
from cbvir_core.evaluate.collection.charts import BarChart, Chart
from cbvir_core.evaluate.collection.page import chart_file, report_csv, report_page, table_file
from cbvir_core.evaluate.collection.thresholds import threshold_chart
from cbvir_core.evaluate.joined import SHOTS_FILE, TrueShots
from cbvir_core.evaluate.methods import FILTER_METHOD
from cbvir_core.evaluate.networks import EvaluatedEncoders, LoadEncoders
from cbvir_core.evaluate.report import EvaluationReport
from cbvir_core.evaluate.retrieval import RetrievalResult, evaluate_retrieval
from cbvir_core.evaluate.tables import AnnotatedQuery
from cbvir_core.types import Image

INSTANCE_PLACES = (1 / 6, 1 / 2, 5 / 6)
"""Where in a shot the pictures of an instance are taken, as shares of its length."""


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """A report: the folder of the collection, the HTML file, the methods of Table II, and the shortlist.

    The true shots are those of ``shots.csv`` in the folder; where it is not there, the clips of the folder
    are joined to a film of about `joined_s` seconds.  `instances` is the ground truth of Table IV, as
    `cbvir_core.evaluate.instances.read_instances` takes it; None: frames of the shots.
    """

    folder: Path
    out: Path
    forms: Sequence[str]
    joined_s: float
    rule: commands.ShortlistRule
    instances: Path | None = None


def write_report(plan: CollectionPlan, load: LoadEncoders) -> EvaluationReport:
    """Write the page, and beside it a CSV for each table and chart; return Table II.

    Raise InputError, DecodeError or FileUnreadable, and what `load` raises.
    """
    table = plan.folder / SHOTS_FILE
    encoders = load()
    with (
        tempfile.TemporaryDirectory(prefix="cbvir-collection-") as made,
        Progress(transient=True, console=Console(stderr=True)) as progress,
    ):
        films, work = Path(made) / "films", Path(made) / "pictures"
        data = commands.KeyframeData(plan.folder, table)
        if not table.is_file():
            data = commands.KeyframeData(plan.folder, None, plan.joined_s, films)
        steps = _Steps(progress)
        with data.true_shots(steps.tell) as shots:
            assert shots is not None, "there is a table, or clips are joined"
            run = _Run(plan, data, shots, encoders, work, steps)
            reports, charts = run.all()
        _write(plan, reports, charts)
    return reports[0]


class _Steps:
    """The progress bar, and the lines above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("joining clips", total=None)

    def begin(self, total: int) -> None:
        """Set the number of steps."""
        self._progress.update(self._task, total=total, completed=0)

    def name(self, stage: str) -> None:
        """Say which stage runs."""
        self._progress.update(self._task, description=stage)

    def done(self, _: str = "") -> None:
        """Count a step."""
        self._progress.advance(self._task)

    def tell(self, line: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def tell_done(self, line: str) -> None:
        """Print a line above the bar and count a step."""
        self.tell(line)
        self.done()


@dataclass(frozen=True, slots=True)
class _Run:
    """One report: its plan, its videos with their shots, the networks, and a folder for pictures."""

    plan: CollectionPlan
    data: commands.KeyframeData
    shots: TrueShots
    encoders: EvaluatedEncoders
    work: Path
    steps: _Steps

    def all(self) -> tuple[list[EvaluationReport], list[Chart | BarChart]]:
        """Return the tables and the charts."""
        questions = questions_of(self.shots)
        self.steps.begin((len(self.plan.forms) + 1) * len(self.shots) + len(questions) + 3)
        extraction = self._extraction()
        curve = self._curve()
        results = self._retrieval(questions)
        retrieval = commands.retrieval_report(results, self.encoders, self.plan.rule)
        instances = self._instances()
        self.steps.name("queries")
        answers = ask(sorted(self.shots), questions, self.steps.done)
        (by_filter,) = (one.first_ranks for one in results if one.model == FILTER_METHOD)
        return [extraction, retrieval, instances], [curve, *answer_charts(questions, answers, by_filter)]

    def _extraction(self) -> EvaluationReport:
        self.steps.name("Table II")
        return commands.keyframes(
            self.data, self.plan.forms, "auto", {}, RuntimeOptions(), self.steps.tell_done, self.shots
        )

    def _curve(self) -> Chart:
        self.steps.name("thresholds")
        curve = threshold_chart(self.shots)
        self.steps.done()
        return curve

    def _retrieval(self, questions: Sequence[CollectionQuestion]) -> list[RetrievalResult]:
        self.steps.name("Table III")
        queries = [
            AnnotatedQuery(_save(one.picture, self.work / "questions" / f"{number}.png"), (one.shot,))
            for number, one in enumerate(questions)
        ]
        rule = self.plan.rule._asdict()
        folder = self.data.keep or self.plan.folder
        results = evaluate_retrieval(folder, queries, self.encoders, **rule, notify=self.steps.tell)
        self.steps.done()
        return results

    def _instances(self) -> EvaluationReport:
        self.steps.name("Table IV")
        truth, title = self.plan.instances, None
        if truth is None:
            truth, title = self.work / "instances", "frames of the shots as instances"
            for number, (shot, image) in enumerate(frames_of_shots(self.shots, INSTANCE_PLACES)):
                _save(image, truth / f"{shot.video.stem} {shot.start_s:.2f}" / f"{number}.png")
        report = commands.landmarks(truth, None, lambda: self.encoders, self.plan.rule, self.steps.tell)
        self.steps.done()
        return report if title is None else replace(report, title=title)


def _save(image: Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image[:, :, ::-1]))[1].tobytes())
    return path


def _write(
    plan: CollectionPlan, reports: Sequence[EvaluationReport], charts: Sequence[Chart | BarChart]
) -> None:
    folder, stem = plan.out.parent, plan.out.stem
    files = {plan.out: report_page(f"Evaluation of {plan.folder.resolve().name}", reports, charts, stem)}
    files |= {folder / chart_file(one, stem): one.csv() for one in charts}
    files |= {folder / table_file(one, stem): report_csv(one) for one in reports}
    try:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{plan.out} cannot be written: {error.strerror}") from error
