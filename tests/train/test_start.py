"""The weights that the refinement starts from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.errors import WeightsMismatch
from cbvir_core.train.lesson import LessonMaterial
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.solar_lesson import SolarLesson
from cbvir_core.train.start import StartWeights, first_network, read_start
from cbvir_core.weights import read_weights, write_weights


def test_a_filter_that_was_trained_here_is_the_start(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport, trained: Path
) -> None:
    """A fresh attention block changes nothing, so the first network answers as the filter does."""
    start = read_start(trained, "mobilenet_v2")
    assert start.origin["details"]["steps"] == 3
    network = first_network(recipe, start, material.pixels, report).eval()
    filter_network = MobileNetDescriptor(2.5, 16)
    filter_network.load_state_dict(start.state)
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(network(pictures), filter_network.eval()(pictures), atol=1e-6)


@pytest.mark.parametrize(("whitening", "width"), [("none", 1280), ("fitted", 16), ("learnt", 8)])
def test_a_start_whose_whitening_is_not_wanted_gives_the_rest(
    recipe: TrainingRecipe,
    material: LessonMaterial,
    report: TrainingReport,
    trained: Path,
    whitening: str,
    width: int,
) -> None:
    recipe = replace(recipe, whiten=width, solar=replace(recipe.solar, whitening=whitening))
    start = read_start(trained, "mobilenet_v2")
    network = first_network(recipe, start, material.pixels, report)
    assert torch.equal(
        network.state_dict()["features.17.conv.0.0.weight"], start.state["features.17.conv.0.0.weight"]
    )
    assert network.whiten.weight.shape == (width, 1280)
    if width == 16:
        assert not torch.equal(network.whiten.weight, start.state["whiten.weight"])


def test_a_fixed_exponent_is_the_recipes_whatever_the_start_has_learnt(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport, trained: Path
) -> None:
    start = read_start(trained, "mobilenet_v2")
    learnt = first_network(recipe, start, material.pixels, report)
    fixed = first_network(
        replace(recipe, gem_p=1.0, solar=replace(recipe.solar, learn_p=False)), start, material.pixels, report
    )
    assert (learnt.pool.p.item(), fixed.pool.p.item()) == (2.5, 1.0)


def test_weights_that_no_training_here_wrote_are_no_start(trained: Path, tmp_path: Path) -> None:
    header, state = read_weights(trained)
    write_weights(tmp_path / "imported", state, replace(header, details={"file": "imagenet.pth"}))
    with pytest.raises(WeightsMismatch, match="not written by a training of this program"):
        read_start(tmp_path / "imported", "mobilenet_v2")
    with pytest.raises(WeightsMismatch, match="no start for solar-resnet18"):
        read_start(trained, "resnet18")


def test_without_attention_the_blocks_hand_on_what_they_get(
    recipe: TrainingRecipe, material: LessonMaterial, report: TrainingReport
) -> None:
    """Attention stays without effect also where that of the start had one."""
    attentive = SolarDescriptor("mobilenet_v2", whitened=recipe.whiten)
    nn.init.normal_(attentive.features.soa4.v.weight)
    start = StartWeights(attentive.state_dict(), {})
    recipe = replace(recipe, solar=replace(recipe.solar, attention=False))
    network = first_network(recipe, start, material.pixels, report)
    TrainingRun(recipe, SolarLesson(recipe, material, network, torch.device("cpu"), True)).advance(0.3)
    features = torch.randn(1, 96, 4, 4)
    assert torch.equal(network.features.soa4.eval()(features), features)
