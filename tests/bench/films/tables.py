"""The figures as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from rich.table import Column, Table

from bench.films.figures import FilmFigure, by_kind, error, figures, is_match, share
from bench.films.judging import FilmOutcome
from bench.films.library import IngestCost

INGEST_GOAL = 25.0
"""Times real time on two cores."""


def summary(outcomes: Sequence[FilmOutcome]) -> Table:
    """Return a table of every figure beside its goal."""
    table = Table(Column("figure", no_wrap=True), "value", "goal", "", "counted", title="summary")
    for one in figures(outcomes):
        table.add_row(
            one.name, _value(one), _goal(one), "missed" if one.missed else "", one.note or f"{one.outcomes}"
        )
    return table


def _value(one: FilmFigure) -> str:
    return f"{one.value:.0f}" if one.value > 1 else f"{one.value:.3f}"


def _goal(one: FilmFigure) -> str:
    return "" if one.goal is None else f"{'at most ' if one.at_most else ''}{one.goal:g}"


def kinds(outcomes: Sequence[FilmOutcome]) -> Table:
    """Return a table with a line for each kind of edit."""
    heads = ("questions", "video", "scene", "1 s", "moment", "match", "p50 ms", "p95 ms")
    table = Table(Column("edit", no_wrap=True), *heads, title="questions with an answer, by kind")
    for kind, own in by_kind(one for one in outcomes if one.role == "asked").items():
        shares = ("video", "scene", "near", "moment")
        values = [f"{np.mean([getattr(one, name) for one in own]):.2f}" for name in shares]
        called = np.mean([one.scene and is_match(one) for one in own])
        took = (f"{np.percentile([one.took_ms for one in own], part):.0f}" for part in (50, 95))
        table.add_row(kind, str(len(own)), *values, f"{called:.2f}", *took)
    return table


def origins(outcomes: Sequence[FilmOutcome]) -> Table:
    """Return a table by where the questions come from: each film, and each kind of absence."""
    heads = ("questions", "scene", "moment", "match", "likely", "mean probability")
    table = Table(Column("questions of", no_wrap=True), *heads, title="by film, and without an answer")
    groups: dict[str, list[FilmOutcome]] = {}
    for one in outcomes:
        edit = "unedited" if one.kind == "unedited" else "edited"
        film = one.film.rpartition("-")[0] if one.film else one.role
        groups.setdefault(f"{film}, {edit}", []).append(one)
    for name, own in groups.items():
        values = (
            share("", own, lambda one: one.scene).value,
            share("", own, lambda one: one.moment).value,
            share("", own, is_match).value,
            share("", own, lambda one: one.verdict == "likely").value,
            float(np.mean([one.probability for one in own])),
        )
        table.add_row(name, str(len(own)), *(f"{value:.3f}" for value in values))
    return table


def ingest(costs: Sequence[IngestCost], made_now: bool) -> Table:
    """Return a table of what it took to make the library."""
    when = "just now" if made_now else "in an earlier run"
    heads = ("films", "minutes", "x real time", "goal", "CPU s an hour", "keyframes", "MB an hour")
    table = Table(Column("ingest", no_wrap=True), *heads, title=f"Library.add in one process, {when}")
    for one in costs:
        missed = " missed" if one.times_real_time < INGEST_GOAL else ""
        goal = f"{INGEST_GOAL:.0f}{missed}" if one.name == "clips" else ""
        size = f"{one.bytes_per_hour / 1e6:.1f}"
        speed = (f"{one.times_real_time:.1f}", goal, f"{one.cpu_s_per_hour:.0f}")
        table.add_row(one.name, str(one.films), f"{one.video_s / 60:.1f}", *speed, f"{one.keyframes:,}", size)
    return table


def stages(answers: Mapping[str, Sequence[FilmOutcome]]) -> Table:
    """Return a table with a line for each set of search options, all about the same questions."""
    heads = ("questions", "unedited: scene", "moment", "match", "edits: scene", "1 s", "match")
    more = ("wrong match", "absent match", "error", "p50 ms", "p95 ms")
    table = Table(Column("asked with", no_wrap=True), *heads, *more, title="stages switched off one by one")
    for name, outcomes in answers.items():
        asked = [one for one in outcomes if one.role == "asked"]
        plain = [one for one in asked if one.kind == "unedited"]
        edits = [one for one in asked if one.kind != "unedited"]
        shares = [
            *(share("", plain, true) for true in (_scene, _moment, _right_match)),
            *(share("", edits, true) for true in (_scene, _near, _right_match)),
            share("", [one for one in asked if not one.scene], is_match),
            share("", [one for one in outcomes if one.role != "asked"], is_match),
        ]
        took = np.percentile([one.took_ms for one in outcomes], [50, 95])
        values = [f"{one.value:.3f}" for one in shares]
        table.add_row(
            name, str(len(outcomes)), *values, f"{error(outcomes):.3f}", *(f"{part:.0f}" for part in took)
        )
    return table


def _scene(one: FilmOutcome) -> bool:
    return one.scene


def _moment(one: FilmOutcome) -> bool:
    return one.moment


def _near(one: FilmOutcome) -> bool:
    return one.near


def _right_match(one: FilmOutcome) -> bool:
    return one.scene and is_match(one)


def costs(answers: Mapping[str, Sequence[FilmOutcome]]) -> Table:
    """Return a table of the mean time of each stage."""
    names = list(dict.fromkeys(stage for own in answers.values() for one in own for stage in one.stages_ms))
    table = Table(Column("mean ms", no_wrap=True), *names)
    for name, outcomes in answers.items():
        means = [np.mean([one.stages_ms.get(stage, 0.0) for one in outcomes]) for stage in names]
        table.add_row(name, *(f"{mean:.0f}" for mean in means))
    return table


def to_json(answers: Mapping[str, Sequence[FilmOutcome]], ingested: Sequence[IngestCost]) -> str:
    """Return all figures and outcomes as JSON."""
    document = {
        "ingest": [asdict(one) for one in ingested],
        "figures": {
            name: [asdict(one) | {"missed": one.missed} for one in figures(own)]
            for name, own in answers.items()
        },
        "outcomes": {name: [asdict(one) for one in own] for name, own in answers.items()},
    }
    return json.dumps(document, indent=1) + "\n"
