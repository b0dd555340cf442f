"""The figures as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from rich.table import Column, Table

from bench.answers.outcomes import AnswerFigures, AnswerOutcome, by_kind, figures, is_match, is_near
from bench.retrieval.perturbations import UNEDITED
from cbvir_core.search import STAGES

GOALS = "goals: scene .97 over all, .90 in each kind; false matches .01; exact .95; near .90; error .05"


def stages(answers: Mapping[str, Sequence[AnswerOutcome]]) -> Table:
    """Return a table with a line for each set of search options."""
    heads = ("questions", "video", "scene", "worst kind", "called", "offered", "false")
    time_heads = ("exact", "or same", "near", "error", "of asked", "p50 ms", "p95 ms")
    table = Table(Column("asked with", no_wrap=True), *heads, *time_heads, title=GOALS)
    for name, outcomes in answers.items():
        found = figures(outcomes)
        shares = (found.called, found.offered, found.false, found.exact, found.same, found.near)
        errors = (found.error, found.asked_error)
        table.add_row(
            name,
            f"{found.questions:,}",
            f"{found.video:.3f}",
            f"{found.scene:.3f}",
            f"{found.worst:.2f} {found.worst_kind}",
            *(f"{share:.3f}" for share in (*shares, *errors)),
            f"{found.p50_ms:.0f}",
            f"{found.p95_ms:.0f}",
        )
    return table


def kinds(outcomes: Sequence[AnswerOutcome]) -> Table:
    """Return a table with a line for each kind of perturbation."""
    table = Table(Column("edit", no_wrap=True), "video", "scene", "called", "time right", "p95 ms")
    for kind, own in by_kind(one for one in outcomes if one.role == "asked").items():
        timed = [one.same if kind == UNEDITED else is_near(one) for one in own]
        shares = (
            [one.video for one in own],
            [one.scene for one in own],
            [is_match(one) for one in own],
            timed,
        )
        took = np.percentile([one.took_ms for one in own], 95)
        table.add_row(kind, *(f"{np.mean(share):.3f}" for share in shares), f"{took:.0f}")
    return table


def costs(answers: Mapping[str, Sequence[AnswerOutcome]]) -> Table:
    """Return a table of the mean time of each stage."""
    table = Table(Column("mean ms", no_wrap=True), *STAGES)
    for name, outcomes in answers.items():
        means = [np.mean([one.stages_ms[stage] for one in outcomes]) for stage in STAGES]
        table.add_row(name, *(f"{mean:.0f}" for mean in means))
    return table


def to_json(answers: Mapping[str, Sequence[AnswerOutcome]], counts: Mapping[str, int]) -> str:
    """Return all figures and outcomes as JSON."""
    found: dict[str, AnswerFigures] = {name: figures(outcomes) for name, outcomes in answers.items()}
    document = {
        "counts": counts,
        "figures": {name: asdict(one) for name, one in found.items()},
        "outcomes": {name: [asdict(one) for one in outcomes] for name, outcomes in answers.items()},
    }
    return json.dumps(document, indent=1) + "\n"
