"""The whole benchmark on a few clips."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.films import main, tables
from bench.films.judging import FilmOutcome
from bench.films.library import IngestCost
from bench.films.program import show
from bench.films.stages import EVERY_STAGE

OUTCOME = FilmOutcome(
    role="asked",
    kind="unedited",
    key="clip@1.0",
    clips=("clip",),
    film="gop-1-0123",
    true_s=1.0,
    verdict="match",
    probability=0.97,
    hit="gop-1-0123 0.00-2.00",
    time_s=1.0,
    variant="plain",
    exact=True,
    time_note="",
    video=True,
    scene=True,
    near=True,
    moment=True,
    off_s=0.0,
    took_ms=80.0,
    stages_ms={"find": 30.0},
)
WRONG = replace(OUTCOME, kind="mirror", video=False, scene=False, near=False, moment=False, off_s=None)
NOWHERE = replace(WRONG, role="photograph", kind="unedited", film="", true_s=None, verdict="none")
COST = IngestCost("clips", 1, video_s=100.0, wall_s=10.0, cpu_s=12.0, keyframes=9, stored_bytes=5000)


def test_all_tables_are_printed_and_missed_goals_marked(capsys: pytest.CaptureFixture[str]) -> None:
    every = [OUTCOME, WRONG, NOWHERE]
    console = Console(width=150)
    console.print(tables.ingest([COST], True))
    show({EVERY_STAGE: every, "without mirrored": [WRONG]}, console)
    lines = capsys.readouterr().out.splitlines()
    (missed,) = [line for line in lines if "wrong answers called a match" in line]
    assert "missed" in missed
    assert "1 of 1" in missed
    (reached,) = [line for line in lines if "unedited: right scene  " in line]
    assert "missed" not in reached
    (speed,) = [line for line in lines if " clips " in line]
    assert "10.0" in speed
    assert "25 missed" in speed
    assert any("without mirrored" in line for line in lines)


def test_json_holds_figures_and_outcomes() -> None:
    found = json.loads(tables.to_json({EVERY_STAGE: [OUTCOME, WRONG, NOWHERE]}, [COST]))
    assert found["ingest"][0]["video_s"] == 100.0
    assert found["outcomes"][EVERY_STAGE][1]["kind"] == "mirror"
    figures = {one["name"]: one for one in found["figures"][EVERY_STAGE]}
    assert figures["unedited: right scene"]["value"] == 1.0
    assert figures["wrong answers called a match"]["missed"]


@pytest.mark.slow
def test_films_are_made_asked_about_and_kept(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_file, plot, data = tmp_path / "all.json", tmp_path / "plot.png", tmp_path / "data"
    line = ["--shared", str(small), "--data", str(data), "--kinds", "unedited", "mirror", "collage"]
    line += ["--unedited", "6", "--each", "2", "--absent", "6", "--photographs", "8"]
    main([*line, "--json", str(found_file), "--plot", str(plot), "--without", "mirrored", "--every", "2"])
    found = json.loads(found_file.read_text())
    every = found["outcomes"][EVERY_STAGE]
    assert sum(one["role"] == "asked" for one in every) == 10
    assert sum(one["scene"] for one in every if one["kind"] == "unedited") >= 4
    assert {one["role"] for one in every} > {"asked", "photograph"}
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "just now" in capsys.readouterr().out
    films = {path: path.stat().st_mtime_ns for path in (data / "films").iterdir()}
    main([*line, "--kinds", "unedited"])
    assert "in an earlier run" in capsys.readouterr().out
    assert films == {path: path.stat().st_mtime_ns for path in (data / "films").iterdir()}
