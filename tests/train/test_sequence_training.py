"""Training of 2D CNN + LSTM on drawn films and on labelled ones, from the command line to the weight file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from torch import Tensor

from cbvir_core.errors import ConfigError
from cbvir_core.sequences import LongShortTermMemory, SequenceModel
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.train import checkpoint
from cbvir_core.train.__main__ import main
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe_file import recipe_table, write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.sequence.features import cropped_features, moments, perturbed_features
from cbvir_core.train.sequence.lesson import SequenceLesson
from cbvir_core.train.sequence.material import LearntClip, SequenceMaterial
from cbvir_core.train.sequence.network import SequenceNetwork, drawn_positions, exported_lstm
from cbvir_core.train.sequence.recipe import SequenceRecipe, read_sequence_recipe, sequence_recipe_from
from support.films import draw_film
from support.networks import seeded_filter

SMALL = SequenceRecipe(units=8, steps=4, batch=6, variants=2, slides=2, stretch_frames=8, frames=6)


@pytest.fixture(scope="module")
def filter_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_filter(tmp_path_factory.mktemp("weights") / "filter.safetensors")


@pytest.fixture(scope="module")
def encoder(filter_file: Path) -> FeatureEncoder:
    """The filter's features; converting the network takes seconds, so it is done once."""
    return FeatureEncoder(filter_file)


@pytest.fixture
def same_encoder(monkeypatch: pytest.MonkeyPatch, encoder: FeatureEncoder) -> None:
    """Let the command use that encoder."""
    monkeypatch.setattr("cbvir_core.train.sequence.command.FeatureEncoder", lambda *_, **__: encoder)


def material(actions: tuple[str, ...] = (), count: int = 12, dim: int = 6) -> SequenceMaterial:
    """Clips that each go their own way through six features; the class tells whether they go up or down."""
    rng, learnt = np.random.default_rng(0), []
    for number in range(count):
        way = np.linspace(-1, 1, 10)[:, None] * (1 if number % 2 else -1)
        base = rng.normal(size=dim)
        frames = np.stack(
            [base + way * (1 + np.arange(dim)) + rng.normal(scale=0.05, size=(10, dim)) for _ in "ab"]
        )
        learnt.append(
            LearntClip(torch.from_numpy(frames).half(), f"s{number}", number % 2 if actions else -1)
        )
    mean, std = moments([clip.features for clip in learnt])
    return SequenceMaterial(learnt, learnt[:4] if actions else (), actions, mean, std, {"clips": count})


@given(st.integers(1, 60), st.integers(1, 20), st.floats(0, 1), st.floats(0.01, 1))
def test_drawn_positions_lie_in_their_part(length: int, steps: int, start: float, share: float) -> None:
    start = start * (1 - share)
    places = drawn_positions(length, steps, start, share)
    assert len(places) == steps
    assert (places[1:] >= places[:-1]).all()
    assert int(start * length) - 1 <= int(places[0])
    assert int(places[-1]) <= min(length - 1, int((start + share) * length) + 1)


def test_moments_are_those_of_all_frames() -> None:
    clips = [torch.randn(2, length, 3).half() for length in (1, 5, 9)]
    frames = torch.cat([clip.float().reshape(-1, 3) for clip in clips])
    mean, std = moments(clips)
    torch.testing.assert_close(mean, frames.mean(dim=0))
    torch.testing.assert_close(std, frames.std(dim=0, unbiased=False))


def run(recipe: SequenceRecipe, learnt: SequenceMaterial, steps: int) -> tuple[SequenceLesson, list[float]]:
    lesson = SequenceLesson(recipe, learnt)
    training = TrainingRun(recipe, lesson)
    losses = [sum(training.advance(0.5).values()) for _ in range(steps)]
    return lesson, losses


def contrast(lesson: SequenceLesson, step: int) -> float:
    return float(lesson.take(step, 0.1).losses["contrast"].detach())


def test_contrast_learns_to_find_the_other_clip_of_a_stretch() -> None:
    recipe = replace(SMALL, batch=12, learning_rate=0.02, share_min=0.6)
    _, losses = run(recipe, material(), 60)
    assert np.mean(losses[:5]) > 1.2 * np.mean(losses[-5:])


def test_classes_are_learnt_and_measured_on_clips_kept_back() -> None:
    recipe = replace(SMALL, batch=12, learning_rate=0.02)
    lesson, losses = run(recipe, material(("down", "up")), 60)
    assert losses[-1] < 0.3 * losses[0]
    assert lesson.accuracy() == 1.0
    assert SequenceLesson(recipe, material()).accuracy() is None
    with pytest.raises(ValueError, match="without classes"):
        SequenceLesson(recipe, material()).network.classify(torch.zeros(1, 4, 6))


def test_the_same_step_has_the_same_loss_in_every_run() -> None:
    first, second = (contrast(SequenceLesson(SMALL, material()), 7) for _ in range(2))
    assert first == second


def test_stretches_of_one_source_are_not_told_apart() -> None:
    """With all clips of one source nothing is left to compare with: the loss is 0."""
    alike = material()
    one_source = replace(alike, learnt=[replace(clip, source="same") for clip in alike.learnt])
    assert contrast(SequenceLesson(SMALL, one_source), 0) == pytest.approx(0.0, abs=1e-6)
    assert contrast(SequenceLesson(SMALL, alike), 0) > 0.1


def test_descriptions_of_a_clip(encoder: FeatureEncoder) -> None:
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(0, 256, (3, 3, 96, 96), dtype=np.uint8))
    varied = perturbed_features(pixels, encoder, SMALL, number=5)
    assert (varied.shape, varied.dtype) == ((2, 3, 1280), torch.float16)
    again = perturbed_features(pixels, encoder, SMALL, number=5)
    assert torch.equal(varied, again)
    assert not torch.equal(varied[1], perturbed_features(pixels, encoder, SMALL, number=6)[1])
    cropped = cropped_features(pixels, encoder, 0.75)
    assert torch.equal(cropped[0], varied[0])
    centre = pixels[:, :, 12:84, 12:84]
    assert torch.equal(cropped[1], cropped_features(centre, encoder, 1.0)[0])
    long_side = FeatureEncoder.__new__(FeatureEncoder)
    long_side.preprocess = replace(encoder.preprocess, height=None, width=None, long_side=96)
    with pytest.raises(ConfigError, match="squares of one size"):
        cropped_features(pixels, long_side, 1.0)


def test_the_recipe_is_written_completely_and_read_strictly(tmp_path: Path) -> None:
    changed = replace(SMALL, temperature=0.2, label="mine")
    write_recipe(changed, tmp_path / "recipe.toml")
    assert read_sequence_recipe(tmp_path / "recipe.toml") == changed
    assert sequence_recipe_from(recipe_table(changed)) == changed
    for text, reason in (
        ("batsch = 3", "did you mean batch"),
        ("batch = 1", "at least 2"),
        ("augment = 1", "a table"),
    ):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(ConfigError, match=reason):
            read_sequence_recipe(tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        read_sequence_recipe(tmp_path / "gone.toml")


def test_what_is_exported_is_what_was_trained() -> None:
    network = SequenceNetwork(6, 8).eval()
    clips = torch.randn(3, 4, 6)
    with torch.no_grad():
        expected = network(clips).numpy()
    ours = LongShortTermMemory(exported_lstm(network.state_dict())).last_state(clips.numpy())
    np.testing.assert_allclose(ours, expected, atol=2e-6)


def small_recipe(folder: Path) -> Path:
    write_recipe(SMALL, folder / "small.toml")
    return folder / "small.toml"


def train(*arguments: object) -> int:
    return main(["sequence", *map(str, arguments), "--threads", "1"])


@pytest.mark.usefixtures("same_encoder")
def test_training_without_labels_and_going_on(
    tmp_path: Path, filter_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "films").mkdir()
    for seed in range(3):
        draw_film(tmp_path / "films" / f"film-{seed}.mp4", seed=seed, shots=2, size=(96, 64), rate=6)
    rng = np.random.default_rng(1)
    (tmp_path / "photos").mkdir()
    for number in range(4):
        picture = cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (96, 64))
        cv2.imwrite(str(tmp_path / "photos" / f"{number}.png"), picture)
    out = tmp_path / "run"
    line = (
        "--videos",
        tmp_path / "films",
        "--pictures",
        tmp_path / "photos",
        "--out",
        out,
        "--filter",
        filter_file,
    )
    assert train(*line, "--recipe", small_recipe(tmp_path), "--minutes", "0.005") == 0
    model = SequenceModel(out / "sequence.safetensors")
    assert (model.dim, model.steps, model.actions, model.held_out_one_in) == (8, 4, (), 0)
    assert model.header.details["data"]["sources"] == ["films", "photos"]
    first = checkpoint.load(out).step
    kept = (out / "features.safetensors").stat().st_mtime_ns
    assert train(*line, "--resume", "--minutes", "0.01") == 0
    assert checkpoint.load(out).step > first
    assert (out / "features.safetensors").stat().st_mtime_ns == kept  # described once
    assert f"continuing at step {first}" in capsys.readouterr().out


@pytest.mark.usefixtures("same_encoder")
def test_training_with_labels(tmp_path: Path, filter_file: Path) -> None:
    for action in ("a", "b"):
        for number in range(12):
            path = tmp_path / "clips" / action / f"{number}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw_film(path, seed=number, shots=1, size=(64, 48), rate=2)
    (tmp_path / "clips" / "a" / "broken.mp4").write_bytes(b"no video")
    out = tmp_path / "run"
    line = ("--actions", tmp_path / "clips", "--out", out, "--filter", filter_file)
    assert train(*line, "--recipe", small_recipe(tmp_path), "--minutes", "0.005") == 0
    model = SequenceModel(out / "sequence.safetensors")
    assert (model.actions, model.held_out_one_in) == (("a", "b"), 10)
    details = model.header.details
    assert details["layout"] == "folders"
    assert details["data"]["clips"] + details["data"]["kept_back"] == 24
    assert ("accuracy_of_kept_clips" in details) == (details["data"]["kept_back"] > 0)
    assert json.loads(model.header.to_json())["label"] == SMALL.label


@pytest.mark.usefixtures("same_encoder")
def test_errors_are_a_sentence(tmp_path: Path, filter_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    (empty / "one").mkdir(parents=True)
    (empty / "one" / "clip.mp4").write_bytes(b"")
    out = ("--out", tmp_path / "run", "--filter", filter_file)
    for line, reason in (
        ((), "name folders of videos"),
        (("--videos", empty, "--actions", empty), "name one kind"),
        (("--actions", empty), "at least two classes"),
        (("--videos", empty), "fewer than two clips"),
        (("--actions", tmp_path / "gone"), "is not a folder"),
    ):
        assert train(*line, *out, "--minutes", "0.001") == 1
        assert reason in capsys.readouterr().err


def test_progress_is_told(filter_file: Path) -> None:
    with TrainingReport(Console(quiet=True)) as report:
        lesson = SequenceLesson(SMALL, material())
        assert lesson.prepare(0, 0.0, {}, report) == 0
    lesson.restore(lesson.state())
    weights: dict[str, Tensor] = lesson.state()
    assert weights == {}
