"""What the report of a collection runs, step by step, with a progress bar."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cbvir_core.embed import RuntimeOptions
from cbvir_core.errors import InputError
from cbvir_core.evaluate import commands
from cbvir_core.evaluate.collection.answers import answer_charts, ask, questions_of
from cbvir_core.evaluate.collection.charts import Chart
from cbvir_core.evaluate.collection.page import report_csv, report_page
from cbvir_core.evaluate.collection.thresholds import threshold_chart
from cbvir_core.evaluate.joined import SHOTS_FILE, TrueShots
from cbvir_core.evaluate.report import EvaluationReport, Notify, silent


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """A report: the folder of the collection, the HTML file, the methods of Table II.

    The true shots are those of ``shots.csv`` in the folder; where it is not there, the clips of the folder
    are joined to a film of about `joined_s` seconds.
    """

    folder: Path
    out: Path
    forms: Sequence[str]
    joined_s: float


def write_report(plan: CollectionPlan, notify: Notify = silent) -> EvaluationReport:
    """Write the page, and beside it a CSV for each table and chart; return Table II.

    Raise InputError, DecodeError or FileUnreadable.
    """
    table = plan.folder / SHOTS_FILE
    with tempfile.TemporaryDirectory(prefix="cbvir-collection-") as made:
        data = commands.KeyframeData(plan.folder, table if table.is_file() else None)
        if not table.is_file():
            data = commands.KeyframeData(plan.folder, None, plan.joined_s, Path(made))
        with data.true_shots(notify) as shots:
            assert shots is not None, "there is a table, or clips are joined"
            report = commands.keyframes(data, plan.forms, "auto", {}, RuntimeOptions(), notify)
            charts = _charts(shots)
    _write(plan, [report], charts)
    notify(f"wrote {plan.out}")
    return report


def _charts(shots: TrueShots) -> list[Chart]:
    questions = questions_of(shots)
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        task = progress.add_task("thresholds", total=1 + len(shots) + len(questions))
        curve = threshold_chart(shots)
        progress.advance(task)
        answers = ask(
            sorted(shots), questions, lambda done: progress.update(task, advance=1, description=done)
        )
    return [curve, *answer_charts(questions, answers)]


def _write(plan: CollectionPlan, reports: Sequence[EvaluationReport], charts: Sequence[Chart]) -> None:
    folder = plan.out.parent
    files = {plan.out: report_page(f"Evaluation of {plan.folder.name}", reports, charts)}
    files |= {folder / f"{plan.out.stem}-{chart.name}.csv": chart.csv() for chart in charts}
    files |= {folder / f"{plan.out.stem}-table-{one.table}.csv": report_csv(one) for one in reports}
    try:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{plan.out} cannot be written: {error.strerror}") from error
