"""The whole benchmark on a few clips, with regions that need no network."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.films.plan import FilmPlan
from bench.visil import main, material, program
from bench.visil.material import all_kinds
from cbvir_core.train.video.network import VideoSimilarityNetwork
from cbvir_core.train.video.recipe import StudentSizes
from cbvir_core.train.video.students import StudentsNetwork
from cbvir_core.visil import VISIL_ARCHITECTURE, RegionWhitening
from cbvir_core.visil.model import visil_tensors
from cbvir_core.weights import WeightsHeader, write_weights
from support.small_regions import SmallRegions

DIMS = 8


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A model of random weights with students."""
    torch.manual_seed(0)
    network = VideoSimilarityNetwork(DIMS)
    whitening = RegionWhitening(
        np.random.default_rng(0).normal(size=(DIMS, SmallRegions.dim)).astype(np.float32),
        np.zeros(DIMS, np.float32),
    )
    tensors = visil_tensors(whitening, network.context.detach().numpy(), network.comparator.tensors())
    students = StudentsNetwork(DIMS, StudentSizes(bits=64, centres=2, hidden=8, reduced=4)).tensors()
    header = WeightsHeader(
        VISIL_ARCHITECTURE, "random", SmallRegions.preprocess, {"blocks": [1], "filter": "none"}
    )
    write_weights(tmp_path / "visil.safetensors", tensors | students, header)
    return tmp_path / "visil.safetensors"


def test_the_benchmark_prints_all_ways_and_all_kinds(
    small: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(program, "opened_encoder", SmallRegions)
    monkeypatch.setattr(material, "FilmPlan", partial(FilmPlan, size=(160, 90)))
    monkeypatch.setattr(material, "MAX_FRAMES", 12)
    line = ["--shared", str(small), "--data", str(tmp_path), "--model", str(weights), "--each", "1"]
    line += ["--kinds", "mirrored", "--slides", "4", "--json", str(tmp_path / "figures.json")]
    main(line)
    out = capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    ways = ("chamfer", "+ attention", "+ comparator, S2VS", "bits (64)", "one vector", "selector 5%")
    assert set(ways) <= set(figures)
    for name in ways:
        assert 0 < figures[name]["map"] <= 1
        assert figures[name]["ms_per_pair"] > 0
        assert name in out
    assert figures["one vector"]["bytes_per_video"] == 2 * 4
    assert figures["bits (64)"]["bytes_per_video"] < figures["chamfer"]["bytes_per_video"]
    assert "mirrored" in out
    described = sorted((tmp_path / "regions").iterdir())
    main(line)
    assert sorted((tmp_path / "regions").iterdir()) == described
    assert json.loads((tmp_path / "figures.json").read_text())["chamfer"]["map"] == figures["chamfer"]["map"]


def test_kinds_have_names_of_their_own() -> None:
    names = [kind.name for kind in all_kinds()]
    assert len(set(names)) == len(names)
