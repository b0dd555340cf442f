"""Training of the refinement: its batches, its losses, its weight file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cbvir_core.embed import NetworkEncoder
from cbvir_core.train import checkpoint
from cbvir_core.train.__main__ import main
from cbvir_core.train.lesson import LessonMaterial
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import LossWeights, TrainingRecipe
from cbvir_core.train.recipe_file import write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.solar_lesson import SolarLesson
from cbvir_core.train.start import first_network
from cbvir_core.train.teacher import taught
from cbvir_core.types import Image
from cbvir_core.weights import read_weights

CPU = torch.device("cpu")


def lesson(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport, pretrained: bool = True
) -> SolarLesson:
    network = first_network(recipe, None, material.pixels, report)
    return SolarLesson(recipe, material, network, CPU, pretrained)


def step(training: TrainingRun, spent: float, report: TrainingReport) -> dict[str, float]:
    """Do what the loop does at a step."""
    training.lesson.prepare(training.step, spent, training.averaged, report)
    return training.advance(spent)


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_resumed_run_is_the_run_it_goes_on_with(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport, tmp_path: Path
) -> None:
    """The run stops in the middle of a round, whose batches depend on what was mined before it."""
    whole = TrainingRun(recipe, lesson(recipe, material, report))
    for spent in (0.1, 0.2):
        step(whole, spent, report)
    checkpoint.save(whole.state(), tmp_path)
    resumed = TrainingRun(recipe, lesson(recipe, material, report, pretrained=False))
    resumed.resume(checkpoint.load(tmp_path))
    for spent in (0.6, 0.7, 0.8):
        assert step(whole, spent, report) == step(resumed, spent, report)
    assert same(whole.network.state_dict(), resumed.network.state_dict())
    assert same(whole.averaged, resumed.averaged)
    assert same(whole.lesson.state(), resumed.lesson.state())


def test_a_round_shows_every_picture_once(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    taught_by = lesson(recipe, material, report)
    for first in (0, 3):
        taught_by.prepare(first, 0.0, taught_by.network.state_dict(), report)
        shown = [number for place in range(3) for number in taught_by._batch(first + place).tolist()]
        assert sorted(shown) == list(range(12))


def test_negatives_are_mined_before_the_first_step_and_every_few_rounds(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    recipe = replace(recipe, solar=replace(recipe.solar, mine_rounds=2))  # of three steps each
    taught_by = lesson(recipe, material, report)
    averaged = taught_by.network.state_dict()
    mined = [number for number in range(15) if taught_by.prepare(number, 0.5, averaged, report)]
    assert mined == [0, 6, 12]


def test_a_network_that_knows_nothing_starts_with_the_contrast_alone(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    recipe = replace(recipe, solar=replace(recipe.solar, contrast_until=0.4))
    training = TrainingRun(recipe, lesson(recipe, material, report, pretrained=False))
    assert step(training, 0.1, report).keys() == {"contrast"}
    assert training.lesson.state() == {}
    assert step(training, 0.4, report).keys() == {"contrast", "triplet", "sos"}
    assert training.lesson.state().keys() == {"nearest", "duplicates", "round"}


def test_a_teacher_judges_duplicates_and_teaches_where_it_is_asked_to(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    torch.manual_seed(3)
    rows = nn.functional.normalize(torch.rand(12, 1280))
    teacher = taught(rows, recipe.whiten, 0.5)
    recipe = replace(recipe, solar=replace(recipe.solar, duplicate=-1.0), losses=LossWeights())
    taught_by = lesson(recipe, replace(material, teacher=teacher), report)
    assert step(TrainingRun(recipe, taught_by), 0.5, report).keys() == {
        "contrast",
        "triplet",
        "sos",
        "distill",
        "bank",
    }
    # To this teacher all pictures are duplicates: nobody has a negative.
    assert (taught_by.state()["nearest"] == -1).all()


@pytest.mark.parametrize(
    ("parts", "frozen", "keys"),
    [
        ({"attention": False}, "features.soa", {"contrast", "triplet", "sos"}),
        ({"learn_p": False}, "pool.p", {"contrast", "triplet", "sos"}),
        ({"whitening": "fitted"}, "whiten.", {"contrast", "triplet", "sos"}),
        ({"whitening": "none"}, "whiten.", {"contrast", "triplet", "sos"}),
        ({"sos": 0.0}, "", {"contrast", "triplet"}),
        ({"contrast_kept": 0.0}, "", {"triplet", "sos"}),
        ({"triplet": 0.0, "sos": 0.0}, "", {"contrast"}),
    ],
)
def test_every_part_can_be_left_out(
    recipe: TrainingRecipe,
    material: LessonMaterial,
    report: TrainingReport,
    parts: dict[str, Any],
    frozen: str,
    keys: set[str],
) -> None:
    recipe = replace(recipe, solar=replace(recipe.solar, **parts))
    training = TrainingRun(recipe, lesson(recipe, material, report))
    before = {name: value.detach().clone() for name, value in training.network.named_parameters()}
    for spent in (0.3, 0.4, 0.5, 0.6):  # fewer move an exponent of 3 by less than float32 shows
        assert step(training, spent, report).keys() == keys
    after = dict(training.network.named_parameters())
    still = {name for name, value in after.items() if torch.equal(value, before[name])}
    assert still >= {name for name in after if frozen and name.startswith(frozen)}
    moved = {
        "features.0.0.weight",
        "features.soa5.v.weight",
        "features.soa4.f.0.weight",
        "pool.p",
        "whiten.weight",
    }
    assert not {name for name in still & moved if not (frozen and name.startswith(frozen))}


@pytest.mark.parametrize("backbone", ["resnet18", "resnet50"])
def test_resnets_learn_too(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport, backbone: str
) -> None:
    recipe = replace(recipe, solar=replace(recipe.solar, backbone=backbone))
    assert step(TrainingRun(recipe, lesson(recipe, material, report)), 0.5, report)["triplet"] > 0.0


def test_second_views_may_be_of_another_frame_of_the_scene(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    always = lesson(replace(recipe, solar=replace(recipe.solar, scene_p=1.0)), material, report)
    never = lesson(replace(recipe, solar=replace(recipe.solar, scene_p=0.0)), material, report)
    everything = torch.arange(12)
    assert always._scene_mates(everything, RandomDraws(1, 1)).tolist() == [1, 0, *range(2, 12)]
    assert never._scene_mates(everything, RandomDraws(1, 1)).tolist() == list(range(12))


def test_steps_bring_the_loss_down(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    recipe = replace(recipe, batch=12, learning_rate=2e-3)
    training = TrainingRun(recipe, lesson(recipe, material, report))
    losses = [sum(step(training, 0.3, report).values()) for _ in range(10)]
    assert min(losses[-3:]) < losses[0]


def test_from_the_command_line_to_weights_that_the_encoder_loads(
    photos: Path, recipe: TrainingRecipe, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recipe(recipe, tmp_path / "recipe.toml")
    run = ["--network", "solar", "--pictures", str(photos), "--out", str(tmp_path / "run"), "--threads", "1"]
    learn = [*run, "--recipe", str(tmp_path / "recipe.toml"), "--minutes"]
    assert main([*learn, "0.001", "--start", str(trained)]) == 0
    weights = tmp_path / "run" / "refine.safetensors"
    header = read_weights(weights)[0]
    assert header.architecture == "solar-mobilenet_v2"
    assert header.preprocess.height in recipe.infer_sides
    assert header.details["data"]["start"]["file"] == trained.name

    assert main([*run, "--minutes", "0.03", "--resume"]) == 0
    again = read_weights(weights)[0]
    assert again.details["steps"] > header.details["steps"]
    assert again.details["data"] == header.details["data"], "a resumed run knows where it began"

    image: Image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    assert NetworkEncoder(weights, "refine").encode([image, image]).shape == (2, recipe.whiten)
    assert main(["--out", str(tmp_path / "run"), "--export", str(tmp_path / "again")]) == 0
    assert read_weights(tmp_path / "again")[0].architecture == "solar-mobilenet_v2"
    assert main(["--measure", str(weights), "--pictures", str(photos), "--threads", "1"]) == 0
    assert "everything" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "{trained}"], "--start is for --network solar"),
        (["--network", "solar", "--start", "absent.safetensors"], "absent.safetensors"),
        (["--network", "filter", "--recipe", "{recipe}"], "not for 'filter'"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    arguments: list[str],
    message: str,
    recipe: TrainingRecipe,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_recipe(recipe, tmp_path / "recipe.toml")
    given = [item.format(trained=trained, recipe=tmp_path / "recipe.toml") for item in arguments]
    assert main([*given, "--out", str(tmp_path / "run"), "--pictures", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_checkpoint_of_another_network_is_one_sentence(
    photos: Path,
    recipe: TrainingRecipe,
    tiny: TrainingRecipe,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, written in (("solar", recipe), ("filter", tiny)):
        write_recipe(written, tmp_path / f"{name}.toml")
    run = ["--pictures", str(photos), "--out", str(tmp_path / "run"), "--threads", "1", "--minutes", "0.001"]
    assert main([*run, "--recipe", str(tmp_path / "filter.toml")]) == 0
    for asked in (["--network", "solar"], ["--recipe", str(tmp_path / "solar.toml")]):
        capsys.readouterr()
        assert main([*run, "--resume", *asked]) == 1
        assert capsys.readouterr().err.count("\n") == 1
