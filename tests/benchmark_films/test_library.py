"""When a library is made anew, and which stages can be switched off."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bench.films.arguments import parse
from bench.films.library import IngestCost, code_fingerprint
from bench.films.stages import switches, without
from cbvir_core.search import SearchOptions


def package(folder: Path, decode: str, search: str = "x = 1\n") -> Path:
    for name, text in (("decode", decode), ("search", search)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "code.py").write_text(text)
    return folder


def test_code_that_takes_videos_in_counts_and_its_comments_do_not(tmp_path: Path) -> None:
    first = code_fingerprint(package(tmp_path, "a = 1\n"))
    assert code_fingerprint(package(tmp_path, "a  = 1  # why\n")) == first
    assert code_fingerprint(package(tmp_path, "a = 1\n", "x = 2\n")) == first
    assert code_fingerprint(package(tmp_path, "a = 2\n")) != first


def test_costs_count_from_an_hour_of_video() -> None:
    cost = IngestCost("clips", 2, video_s=1800.0, wall_s=60.0, cpu_s=100.0, keyframes=9, stored_bytes=500)
    assert (cost.times_real_time, cost.cpu_s_per_hour, cost.bytes_per_hour) == (30.0, 200.0, 1000.0)


@pytest.mark.parametrize("stage", list(switches()))
def test_a_stage_is_switched_off_alone(stage: str) -> None:
    default = SearchOptions()
    options = without(stage, default)
    differing = [
        one.name for one in fields(options) if getattr(options, one.name) != getattr(default, one.name)
    ]
    assert differing == [stage]


def test_a_bare_without_names_all_stages_and_quick_asks_little() -> None:
    assert parse([]).without == ()
    assert parse(["--without"]).without == tuple(switches())
    assert parse(["--without", "mirrored"]).without == ("mirrored",)
    assert parse(["--quick"]).each == 1
    assert {"mirrored", "regions", "borders", "verify", "exact_time_s"} <= set(switches())
