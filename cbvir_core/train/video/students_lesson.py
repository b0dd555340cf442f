"""The lesson of the students of DnS (IJCV 2022, section 3.5): to say of pairs what the teacher says."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train import schedule
from cbvir_core.train.lesson import StepLosses
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.video.lesson import VideoBatches
from cbvir_core.train.video.losses import as_share
from cbvir_core.train.video.network import VideoSimilarityNetwork, frame_matrices
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.video.regions import ClipRegions
from cbvir_core.train.video.students import StudentsNetwork

WORTH = 0.1
"""Difference of the fine similarity and that expected by the coarse one, both in [0, 1], from which on a pair
deserves the fine one."""


class StudentsLesson:
    """All three students learn from the batches that the teacher learnt from."""

    def __init__(self, recipe: VideoRecipe, material: ClipRegions, teacher: VideoSimilarityNetwork) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.material = recipe, material
        self.network = StudentsNetwork(material.whitening.dim, recipe.students)
        self._teacher = teacher.requires_grad_(False)
        self._batches = VideoBatches(recipe, material)

    def rate(self, spent: float) -> float:
        """Return the learning rate: one cycle."""
        return schedule.learning_rate(spent, self.recipe.learning_rate, self.recipe.warmup)

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Do nothing and return 0: this lesson has no work between steps."""
        return 0

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the losses of the batch of a step, over all pairs of different views."""
        rows = self._batches.views(RandomDraws(self.recipe.seed, step))
        first, second = torch.triu_indices(len(rows), len(rows))
        with torch.no_grad():
            wanted = self._teacher(rows)[0][first, second]
            own = self_similarities(self._teacher.attended(rows))
        fine = self.network.fine(rows)
        vectors = self.network.coarse(rows)
        coarse = (vectors @ vectors.T)[first, second]
        pairs = first != second
        expected = self.network.selector.as_fine(coarse.detach())
        found = as_share(fine.detach())
        logits = self.network.selector(own[first], own[second], coarse.detach())
        worth = ((found - expected.detach()).abs() > WORTH).float()
        parts = {
            "fine": F.l1_loss(fine, wanted),
            "coarse": F.l1_loss(coarse[pairs], as_share(wanted[pairs])),
            "selector": F.binary_cross_entropy_with_logits(logits[pairs], worth[pairs]),
            "scale": F.mse_loss(expected[pairs], found[pairs]),
        }
        return StepLosses(parts, len(rows) // 2, len(rows) * rows.shape[1])

    def state(self) -> dict[str, Tensor]:
        """Return nothing: the weights are all the state."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing: there is no state."""


def self_similarities(attended: Tensor) -> Tensor:
    """Return how much the frames of each of V videos resemble one another, as `self_similarity_of` does."""
    found = [frame_matrices(one[None])[0].mean() for one in attended]
    return torch.stack(found)
