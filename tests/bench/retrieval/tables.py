"""The figures as tables on a terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Column, Table

from bench.retrieval.evaluate import SystemAnswers
from bench.retrieval.metrics import RetrievalFigures

FIGURE_COLUMNS = {
    "video": "recall@1 video",
    "scene": "recall@1 scene",
    "precision": "mAP",
    "sure": "recall at 1 % false",
    "sure_clips": "at 1 % of left-out clips",
}
"""Headings of the fields of `RetrievalFigures`."""

README_FIGURES = ("video", "scene", "precision", "sure")
"""The columns of the short table."""


def overall(answers: Sequence[SystemAnswers]) -> Table:
    """Return a table with a line for each system."""
    table = Table(Column("descriptor", no_wrap=True), *FIGURE_COLUMNS.values(), title="all kinds of edit")
    for one in answers:
        table.add_row(one.name, *_cells(one.overall, FIGURE_COLUMNS))
    return table


def by_kind(answers: Sequence[SystemAnswers], figure: str) -> Table:
    """Return a table of one figure: a line for each perturbation, a column for each system."""
    table = Table(
        Column("edit", no_wrap=True),
        *(one.name for one in answers),
        title=f"{FIGURE_COLUMNS[figure]}, by kind of edit",
    )
    columns = [one.by_kind for one in answers]
    for kind in columns[0] if columns else ():
        table.add_row(kind, *(f"{getattr(column[kind], figure):.3f}" for column in columns))
    return table


def markdown(answers: Sequence[SystemAnswers]) -> str:
    """Return the short table as Markdown: a line for each system."""
    lines = [("descriptor", *(FIGURE_COLUMNS[name] for name in README_FIGURES))]
    lines += [(one.name, *_cells(one.overall, README_FIGURES)) for one in answers]
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]]) + "\n"


def to_json(answers: Sequence[SystemAnswers], counts: dict[str, int]) -> str:
    """Return all figures as JSON, with the numbers of pictures."""
    systems = [
        {
            "name": one.name,
            "thresholds": asdict(one.thresholds),
            "overall": asdict(one.overall),
            "by_kind": {kind: asdict(figures) for kind, figures in one.by_kind.items()},
        }
        for one in answers
    ]
    return json.dumps({"counts": counts, "systems": systems}, indent=2) + "\n"


def _cells(figures: RetrievalFigures, names: Sequence[str] | dict[str, str]) -> list[str]:
    return [f"{getattr(figures, name):.3f}" for name in names]
