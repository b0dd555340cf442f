"""The refinement network at the start of a run: fresh, or from weights that this program trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cbvir_core.embed.networks import load_exactly
from cbvir_core.embed.solar import SOLAR_PREFIX, SolarDescriptor
from cbvir_core.errors import WeightsMismatch
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import pooled_rows, prepare, resized
from cbvir_core.train.whitening import fit_whitening, start_whitening
from cbvir_core.weights import WeightsHeader, fingerprint, read_weights

WHITENING_PICTURES = 4096
"""Pictures that the whitening is fitted on: three for each of 1,280 dimensions."""
WHITENING_VARIANCE_FLOOR = 1e-4
"""Share of the largest variance below which the whitening does not amplify further: the rest is noise."""
_FRESH_PICTURES = 64  # they give the mean descriptor of a fresh network


@dataclass(frozen=True)
class StartWeights:
    """Weights to start from, and their origin for the model card."""

    state: dict[str, Tensor]
    origin: dict[str, Any]


def read_start(path: Path, backbone: str) -> StartWeights:
    """Read the weights of a filter for SOLAR on MobileNetV2, or of SOLAR with the same backbone.

    Only files that a training of this program wrote are accepted: weights that are shipped must not be
    made from weights of others.  Raise WeightsMissing, WeightsDamaged or WeightsMismatch.
    """
    header, state = read_weights(path)
    if not _trained_here(header):
        raise WeightsMismatch(f"{path} was not written by a training of this program; leave --start out")
    if header.architecture not in (backbone, SOLAR_PREFIX + backbone):
        raise WeightsMismatch(
            f"{path} is for {header.architecture}, which is no start for {SOLAR_PREFIX}{backbone}"
        )
    origin = {"file": path.name, "fingerprint": fingerprint(path), "details": dict(header.details)}
    return StartWeights(state, origin)


def _trained_here(header: WeightsHeader) -> bool:
    return {"recipe", "steps", "data"} <= header.details.keys()


def first_network(
    recipe: TrainingRecipe, start: StartWeights | None, pixels: Tensor, report: TrainingReport
) -> SolarDescriptor:
    """Return the network of a recipe before its first step; parts that the recipe does not train are frozen.

    `pixels` are clean pictures, uint8 N x 3 x S x S.  The whitening is fitted on them where it cannot be
    taken from `start`.  Raise WeightsMismatch.
    """
    torch.manual_seed(recipe.seed)
    solar = recipe.solar
    width = None if solar.whitening == "none" else recipe.whiten
    network = SolarDescriptor(solar.backbone, p=recipe.gem_p, whitened=width)
    taken = set() if start is None else _load(network, start.state, solar.whitening == "learnt")
    if not solar.learn_p:
        nn.init.constant_(network.pool.p, recipe.gem_p)
    if solar.whitening == "none":
        nn.init.eye_(network.whiten.weight)
        nn.init.zeros_(network.whiten.bias)
    elif "whiten.weight" not in taken:
        _start_whitening(network, recipe, start is None, pixels, report)
    _freeze(network, recipe)
    return network


def _load(network: SolarDescriptor, state: dict[str, Tensor], whitening: bool) -> set[str]:
    """Load all weights that fit, and return their names.

    Attention, whitening and pooling may be missing; then the network keeps its own.
    """
    own = network.state_dict()
    optional = {name for name in own if name.startswith(("features.soa", "whiten.", "pool."))}
    left = {name for name in state if name.startswith("whiten.")}
    if whitening and all(state[name].shape == own[name].shape for name in left):
        left = set()
    taken = {name: value for name, value in state.items() if name not in left}
    load_exactly(network, {name: own[name] for name in optional} | taken, "the network to be trained")
    return set(taken)


def _start_whitening(
    network: SolarDescriptor, recipe: TrainingRecipe, fresh: bool, pixels: Tensor, report: TrainingReport
) -> None:
    side = recipe.stages[0].side
    if fresh:
        with torch.no_grad():
            features = network.features(prepare(resized(pixels[:_FRESH_PICTURES], side)))
            start_whitening(network.whiten, network.pool(features))
        return
    report.say("fitting the whitening")
    rows = pooled_rows(network.eval(), pixels[:WHITENING_PICTURES], side, recipe.bf16, report)
    weight, bias = fit_whitening(rows, recipe.whiten, floor=WHITENING_VARIANCE_FLOOR)
    network.whiten.load_state_dict({"weight": weight, "bias": bias})


def _freeze(network: SolarDescriptor, recipe: TrainingRecipe) -> None:
    """Freeze the parts that the recipe does not train.

    Attention that is not wanted is set to zero, where a block returns its input.
    """
    for block in (network.features.soa4, network.features.soa5):
        block.requires_grad_(recipe.solar.attention)
        if not recipe.solar.attention:
            still = {name: torch.zeros_like(value) for name, value in block.v.state_dict().items()}
            block.v.load_state_dict(still)
    network.pool.requires_grad_(recipe.solar.learn_p)
    network.whiten.requires_grad_(recipe.solar.whitening == "learnt")
