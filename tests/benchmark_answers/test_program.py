"""The benchmark on a few clips."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.answers import main
from bench.answers.program import thinned
from bench.answers.stock import stock
from bench.retrieval.clips import clips_in, split
from bench.retrieval.photographs import distractors
from bench.retrieval.questions import BenchmarkQuery
from cbvir_core import Library
from support.conversions import bring_builtin

PERTURBATIONS = ("unedited", "mirror")
SMALL = ("--frames", "2", "--frames-without", "1", "--foreign", "1", "--distractors", "12")


def test_prints_and_writes_every_figure(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_file, plot = tmp_path / "all.json", tmp_path / "plot.png"
    line = ["--shared", str(small), *SMALL, "--kinds", *PERTURBATIONS, "--without", "no moment"]
    kept = ["--data", str(tmp_path / "library")]
    bring_builtin(tmp_path / "library" / "cache")
    main([*line, *kept, "--json", str(found_file), "--plot", str(plot)])
    found = json.loads(found_file.read_text())
    assert list(found["figures"]) == ["everything", "no moment"]
    everything, no_moment = (found["outcomes"][name] for name in ("everything", "no moment"))
    assert sum(one["role"] == "asked" for one in everything) == 2 * len(PERTURBATIONS)
    assert sum(one["role"] == "asked" for one in no_moment) == 1 * len(PERTURBATIONS)
    assert {one["kind"] for one in everything} == set(PERTURBATIONS)
    assert found["counts"]["videos"] >= 12
    assert all(one["stages_ms"]["moment"] < 1.0 for one in no_moment)
    assert any("mirror" in one["hit"] for one in everything if one["kind"] == "mirror")
    assert found["figures"]["everything"]["video"] > 0.5
    printed = capsys.readouterr().out
    assert "no moment" in printed
    assert plot.read_bytes().startswith(b"\x89PNG")
    clips = split(clips_in(small / "videos"), 0)
    photographs = distractors(small / "distractors", 12)
    with Library.open(tmp_path / "library") as library:
        stock(library, tmp_path / "library", clips, photographs, lambda: pytest.fail("it was filled once"))


def test_a_frame_is_thinned_out_with_all_its_perturbations() -> None:
    queries = [BenchmarkQuery("asked", kind, str(key), b"") for key in range(6) for kind in PERTURBATIONS]
    queries += [BenchmarkQuery("foreign", "mirror", str(key), b"") for key in range(6)]
    kept = thinned(queries, 3)
    assert [(query.role, query.key) for query in kept] == [
        *(("asked", "0"),) * 2,
        *(("asked", "3"),) * 2,
        ("foreign", "0"),
        ("foreign", "3"),
    ]
