"""Export of a checkpoint as a weight file; measurements choose its input side and whitening."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cbvir_core.embed.mobilenet import MOBILENET_ARCHITECTURE
from cbvir_core.embed.networks import Network, build_network
from cbvir_core.embed.solar import SOLAR_PREFIX
from cbvir_core.train.checkpoint import TrainingCheckpoint
from cbvir_core.train.measure import ALL_PERTURBATIONS, PERTURBATION_KINDS, RecallFigures, figures, perturbed
from cbvir_core.train.pictures import SplitPictures
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.recipe_file import recipe_from
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.start import WHITENING_PICTURES, WHITENING_VARIANCE_FLOOR
from cbvir_core.train.tensors import describe, pooled_rows, prepare, resized
from cbvir_core.train.whitening import fit_whitening
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights

CHOICE_QUERIES = 512
"""Queries that decide between candidates: five of them are a difference of .01 in recall."""
NORM_STATISTICS_PICTURES = 1024
"""Pictures that the statistics of the batch norms are computed anew from."""


@dataclass(frozen=True)
class ExportCandidate:
    """A network that may be exported: the side that it reads pictures at, and how it was made."""

    architecture: str
    network: Network
    side: int
    whitening: str
    settled: bool

    @property
    def name(self) -> str:
        """Return its description for the log."""
        return f"{self.side} px, {self.whitening} whitening" + (", norms settled" if self.settled else "")


def architecture_of(recipe: TrainingRecipe) -> str:
    """Return the architecture that a recipe trains."""
    return MOBILENET_ARCHITECTURE if recipe.network == "filter" else SOLAR_PREFIX + recipe.solar.backbone


def file_name(recipe: TrainingRecipe) -> str:
    """Return the name of the weight file of a run."""
    return "filter.safetensors" if recipe.network == "filter" else "refine.safetensors"


def export(
    saved: TrainingCheckpoint,
    path: Path,
    samples: SplitPictures | None,
    device: torch.device,
    report: TrainingReport,
) -> ExportCandidate:
    """Write the averaged network as float16, and return what was chosen.

    With `samples`, measurement chooses the input side, the whitening (learnt or fitted) and the batch
    norms' statistics (as trained, or settled on clean pictures at that side).  Without them the network
    is written as trained, for the first side of the recipe.  Raise DiskFull.
    """
    recipe = recipe_from(saved.recipe)
    architecture = architecture_of(recipe)
    network = build_network(architecture, saved.averaged).to(device)
    whitening = "learnt" if recipe.network == "filter" else recipe.solar.whitening
    first = ExportCandidate(architecture, network, recipe.infer_sides[0], whitening, False)
    details: dict[str, Any] = {
        "recipe": saved.recipe,
        "data": saved.data,
        "steps": saved.step,
        "pictures_seen": saved.seen,
        "minutes": round(saved.spent_s / 60.0, 1),
    }
    chosen = first
    if samples is not None and samples.kept:
        chosen, measured = choose(first, recipe, samples, report)
        details["kept_back"] = {"pictures": len(samples.kept), **dataclasses.asdict(measured)}
    details |= {"whitening": chosen.whitening, "norms_settled": chosen.settled}
    seen = Preprocess(height=chosen.side, width=chosen.side)
    header = WeightsHeader(architecture, recipe.label, seen, details)
    fingerprint = write_weights(path, half(chosen.network.state_dict()), header)
    report.say(f"{path} holds {fingerprint}: {chosen.name}")
    return chosen


def choose(
    first: ExportCandidate, recipe: TrainingRecipe, samples: SplitPictures, report: TrainingReport
) -> tuple[ExportCandidate, RecallFigures]:
    """Return the candidate of the best recall on perturbed pictures that were kept back, and its figures."""
    kept = samples.kept.pixels
    queries = perturbed(kept[:CHOICE_QUERIES], PERTURBATION_KINDS[ALL_PERTURBATIONS])
    tried: list[tuple[ExportCandidate, RecallFigures]] = []

    def consider(candidate: ExportCandidate) -> None:
        def rows(pixels: Tensor) -> Tensor:
            return describe(candidate.network, pixels, candidate.side, recipe.bf16, report)

        result = figures(rows(kept), rows(queries), torch.arange(len(queries)))
        tried.append((candidate, result))
        report.say(f"{candidate.name}: recall@1 {result.first:.3f}, at 1 % false {result.sure:.3f}")

    def best() -> tuple[ExportCandidate, RecallFigures]:
        return max(tried, key=lambda item: item[1].first + item[1].sure)

    for side in recipe.infer_sides:
        consider(dataclasses.replace(first, side=side))
    consider(settled(best()[0], samples.learnt.pixels))
    if first.whitening != "none":
        consider(whitened(best()[0], recipe, samples.learnt.pixels, report))
    return best()


def settled(candidate: ExportCandidate, pixels: Tensor) -> ExportCandidate:
    """Return the candidate with batch norm statistics computed anew from clean pictures at its side."""
    network = copy.deepcopy(candidate.network)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    with torch.no_grad():
        for part in torch.split(pixels[:NORM_STATISTICS_PICTURES], 64):
            network(prepare(resized(part.to(_device(network)), candidate.side)))
    return dataclasses.replace(candidate, network=network.eval(), settled=True)


def whitened(
    candidate: ExportCandidate, recipe: TrainingRecipe, pixels: Tensor, report: TrainingReport
) -> ExportCandidate:
    """Return the candidate with a PCA whitening fitted on clean pictures in place of the learnt one."""
    rows = pooled_rows(candidate.network, pixels[:WHITENING_PICTURES], candidate.side, recipe.bf16, report)
    weight, bias = fit_whitening(rows, recipe.whiten, floor=WHITENING_VARIANCE_FLOOR)
    state = candidate.network.state_dict() | {"whiten.weight": weight, "whiten.bias": bias}
    network = build_network(candidate.architecture, state).to(_device(candidate.network))
    return dataclasses.replace(candidate, network=network, whitening="fitted")


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state with real numbers as float16, as weight files store them."""
    return {name: value.half() if value.is_floating_point() else value for name, value in state.items()}


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
