"""Tables II, III and IV of 2D CNN + LSTM as a user makes them, on drawn pictures and films."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cbvir_core.errors import InputError
from cbvir_core.evaluate.__main__ import main
from cbvir_core.evaluate.colour import evaluate_colour, read_classes
from cbvir_core.sequences import LSTM_UNITS, sequence_tensors
from cbvir_core.sequences.complexity import ModelCost
from cbvir_core.types import Floats, Image
from cbvir_core.weights import Preprocess, WeightsHeader, fingerprint, write_weights
from support.films import draw_film
from support.networks import painted

Save = Callable[[Path, Image], Path]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


class Means:
    """Features of a picture: its mean colour."""

    dim = 3

    def encode(self, images: list[Image]) -> Floats:
        return np.array([image.mean(axis=(0, 1)) for image in images], np.float32)


class QuickEncoder(Means):
    """Mean colours in 1,280 columns, in the place of the network, which takes seconds to convert."""

    dim = 1280

    def __init__(self, *_: object, grey: bool = False, **__: object) -> None:
        self.grey = grey

    def encode(self, images: list[Image]) -> Floats:
        rows = np.zeros((len(images), self.dim), np.float32)
        rows[:, :3] = super().encode(images)
        return rows.mean(axis=1, keepdims=True) * np.ones_like(rows) if self.grey else rows


@pytest.fixture
def quick_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands use that encoder; `tests/sequences` has the network itself."""
    monkeypatch.setattr("cbvir_core.sequences.feature_encoder.FeatureEncoder", QuickEncoder)


def test_the_share_of_results_of_the_querys_class(tmp_path: Path, save: Save) -> None:
    """Reds and blues, three each: the two nearest of each are of its class, the third is not."""
    for number in range(3):
        for name, channel in (("red", 0), ("blue", 2)):
            picture = np.zeros((8, 8, 3), np.uint8)
            picture[:, :, channel] = 200 + 10 * number
            save(tmp_path / name / f"{number}.png", picture)
    (tmp_path / "red" / "notes.txt").write_text("no picture")
    (tmp_path / "beside.txt").write_text("in no class")
    paths, classes = read_classes(tmp_path)
    assert sorted(set(classes)) == ["blue", "red"]
    encoders = {"made": (Means(), 7)}
    two, kept = evaluate_colour(paths, classes, encoders, results_at=2)  # type: ignore[arg-type]
    assert (two.accuracy, two.results, two.pictures, two.parameters) == (1.0, 2.0, 6, 7)
    assert (kept.ranking, kept.accuracy) == ("PAR", 1.0)
    three, kept = evaluate_colour(paths, classes, encoders, results_at=3)  # type: ignore[arg-type]
    assert three.accuracy == pytest.approx(2 / 3)
    assert (kept.accuracy, kept.results) == (1.0, 2.0)  # the other colour points elsewhere
    with pytest.raises(InputError, match="two folders"):
        read_classes(tmp_path / "red")


@pytest.mark.usefixtures("quick_encoder")
def test_colour_prints_table_ii(
    tmp_path: Path, weights: tuple[Path, Path], save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, image in enumerate(painted(4, 8)):
        save(tmp_path / "classes" / f"c{number % 2}" / f"{number}.jpg", image)
    out = tmp_path / "out.json"
    line = ("colour", tmp_path / "classes", "--at", "2", "--filter", weights[0], "--json", out)
    assert run(*line) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("Table II", "grey-scale", "PAR", "saves 576 parameters"))
    rows = json.loads(out.read_text())["rows"]
    assert [row["network"] for row in rows] == ["colour", "colour", "grey-scale", "grey-scale"]
    assert rows[0]["parameters"] - rows[2]["parameters"] == 576


def test_complexity_prints_table_iii(
    weights: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(path: Path, *, threads: int) -> list[ModelCost]:
        assert (path, threads) == (weights[0], 2)
        return [ModelCost("2D CNN + LSTM", 3_500_000, 14_000_000, 0.25)]

    monkeypatch.setattr("cbvir_core.sequences.complexity.model_costs", made)
    assert run("complexity", "--filter", weights[0], "--threads", "2") == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("Table III", "3.50", "14.0", "0.250", "the paper"))


def sequence_file(path: Path, filter_file: Path, **details: object) -> Path:
    """Write a model with seeded weights that says it has learnt `circle`."""
    rng, rows = np.random.default_rng(0), 4 * LSTM_UNITS
    shapes = {
        "weight_ih_l0": (rows, 1280),
        "weight_hh_l0": (rows, LSTM_UNITS),
        "bias_ih_l0": (rows,),
        "bias_hh_l0": (rows,),
    }
    lstm = {name: rng.normal(scale=0.03, size=shape).astype(np.float32) for name, shape in shapes.items()}
    tensors = sequence_tensors(np.zeros(1280, np.float32), np.ones(1280, np.float32), lstm)
    own = {
        "filter": fingerprint(filter_file),
        "steps": 4,
        "actions": ["circle"],
        "held_out_one_in": 10,
        **details,
    }
    write_weights(path, tensors, WeightsHeader("cnn-lstm", "seeded", Preprocess(96, 96), own))
    return path


@pytest.mark.usefixtures("quick_encoder")
def test_actions_prints_table_iv(
    tmp_path: Path, weights: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for action in ("circle", "square"):
        for number in range(3):
            folder = tmp_path / "clips" / action
            folder.mkdir(parents=True, exist_ok=True)
            draw_film(folder / f"{number}.mp4", seed=number, shots=1, size=(96, 64), rate=4)
    (tmp_path / "clips" / "circle" / "broken.mp4").write_bytes(b"no video")
    model = sequence_file(tmp_path / "sequence.safetensors", weights[0])
    out = tmp_path / "out.json"
    line = ("actions", model, "--folders", tmp_path / "clips", "--filter", weights[0], "--json", out)
    assert run(*line) == 0
    printed = capsys.readouterr()
    assert all(
        text in printed.out for text in ("Table IV", "mean pooled", "2D CNN + LSTM", "unseen", "seeded")
    )
    assert "left out" in printed.err
    rows = json.loads(out.read_text())["rows"]
    assert {(row["model"], row["part"]) for row in rows} == {
        (model, part) for model in ("2D CNN + LSTM", "mean pooled") for part in ("seen", "unseen")
    }
    assert run("actions", model, "--filter", weights[0]) == 1
    assert "name folders of clips" in capsys.readouterr().err
    assert run("actions", model, "--folders", tmp_path / "clips") == 1  # another filter
    assert "was trained with the filter" in capsys.readouterr().err


@pytest.mark.usefixtures("quick_encoder")
def test_similar_ranks_pictures_with_pictures_and_clips_with_clips(
    tmp_path: Path,
    weights: tuple[Path, Path],
    save: Save,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "all"
    for name, colour in (
        ("query", (200, 0, 0)),
        ("near", (90, 90, 60)),
        ("same", (20, 0, 0)),
        ("far", (0, 0, 250)),
    ):
        save(folder / f"{name}.png", np.full((8, 8, 3), colour, np.uint8))
    film = draw_film(folder / "film.mp4", seed=3, shots=8, size=(64, 48), rate=4)
    draw_film(folder / "other.mp4", seed=4, shots=1, size=(64, 48), rate=4)
    (folder / "notes.txt").write_text("neither")
    out = tmp_path / "out.json"

    def found(*line: object) -> list[dict[str, Any]]:
        assert run("similar", *line, "--filter", weights[0], "--json", out) == 0
        rows: list[dict[str, Any]] = json.loads(out.read_text())["rows"]
        return rows

    by_distance = found(folder / "query.png", folder, "--top", "3")
    assert [Path(row["file"]).stem for row in by_distance] == ["near", "same", "far"]
    assert "left out" in capsys.readouterr().err
    kept = found(folder / "query.png", folder, "--top", "3", "--affinity", "0.9")
    assert [Path(row["file"]).stem for row in kept] == ["same"]
    assert kept[0]["cosine"] == pytest.approx(1.0)
    assert "those with a cosine above 0.9" in capsys.readouterr().out
    clips = found(film.path, folder)
    assert {Path(row["file"]).name for row in clips} == {"other.mp4"}
    assert clips[0]["start_s"] == 0.0
    assert run("similar", folder / "notes.txt", folder, "--filter", weights[0]) == 1
    (tmp_path / "empty").mkdir()
    assert run("similar", folder / "query.png", tmp_path / "empty", "--filter", weights[0]) == 1
    assert "nothing of the query's kind" in capsys.readouterr().err
