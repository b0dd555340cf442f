"""The lesson of the filter: two perturbed views of a picture get one descriptor, near that of a teacher."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.train import losses, schedule
from cbvir_core.train.batches import TrainingBatches
from cbvir_core.train.hints import BlockHints
from cbvir_core.train.lesson import LessonMaterial, StepLosses, taught_losses, trainable
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import prepare
from cbvir_core.train.whitening import start_whitening


class FilterLesson:
    """MobileNetV2 from scratch; a teacher, where there is one, adds hints and descriptors."""

    def __init__(self, recipe: TrainingRecipe, material: LessonMaterial, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.material, self.device = recipe, material, device
        self.network = trainable(MobileNetDescriptor(recipe.gem_p, recipe.whiten), device)
        self._batches = TrainingBatches(recipe, material.pixels, device)
        self._bank = None if material.teacher is None else material.teacher.rows.to(device)
        self._start_whitening()
        self._hints = self._start_hints()

    def rate(self, spent: float) -> float:
        """Return the learning rate: one cycle, or two with hints."""
        return schedule.learning_rate_at(spent, self.recipe, self._hints is not None)

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Do nothing and return 0: this lesson has no work between steps."""
        return 0

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the losses of the next batch of a round through all pictures."""
        forced = self._hints is not None and spent < self.recipe.hints.forced
        rows, views = self._views(step, spent, 1 if forced else 2)
        parts = self._forced(views) if forced else self._taught(rows, views, spent)
        return StepLosses(parts, len(rows), len(views))

    def state(self) -> dict[str, Tensor]:
        """Return nothing: the weights are all the state."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing: there is no state."""

    def _forced(self, views: Tensor) -> dict[str, Tensor]:
        """Return the loss of the blocks, each on the teacher's input."""
        assert self._hints is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            return {"blocks": self._hints.forced(self.network, prepare(views))}

    def _taught(self, rows: Tensor, views: Tensor, spent: float) -> dict[str, Tensor]:
        """Return the losses of the whole network; hints take part until they have faded out."""
        weight = schedule.hint_weight(spent, self.recipe.hints)
        parts: dict[str, Tensor] = {}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            if self._hints is not None and weight > 0.0:
                features, error = self._hints.along(self.network, prepare(views))
                parts["blocks"] = weight * error
                described = self.network.describe(features)
            else:
                described = self.network(prepare(views))
        return parts | self._losses(F.normalize(described.float()), rows)

    def _views(self, step: int, spent: float, each: int) -> tuple[Tensor, Tensor]:
        """Return the numbers of the next pictures, and `each` perturbed views of each, set after set."""
        round_number, place = self._batches.place(step)
        order = RandomDraws.of_round(self.recipe.seed, round_number).order(len(self.material.pixels))
        rows, draws = self._batches.cut(order, place), self._batches.draws(step)
        return rows, torch.cat([self._batches.views(rows, spent, draws) for _ in range(each)])

    def _losses(self, described: Tensor, rows: Tensor) -> dict[str, Tensor]:
        weights = self.recipe.losses
        first, second = described.chunk(2)
        parts = {"contrast": weights.contrast * losses.info_nce(first, second, weights.temperature)}
        if self._bank is not None:
            parts |= taught_losses(described, self._bank[rows].repeat(2, 1), self._bank, weights)
        return parts

    @torch.no_grad()
    def _start_whitening(self) -> None:
        """Set the whitening to the teacher's, or to a rotation where there is no teacher."""
        whiten = self.network.whiten
        if whiten is None:
            return
        if self.material.teacher is None:
            _, views = self._views(0, 0.0, 2)
            start_whitening(whiten, self.network.pool(self.network.features(prepare(views))))
            return
        weight, bias = self.material.teacher.whitening
        whiten.weight.copy_(weight)
        whiten.bias.copy_(bias)

    def _start_hints(self) -> BlockHints | None:
        teacher = self.material.teacher
        if teacher is None or teacher.network is None or self.recipe.hints.forced <= 0.0:
            return None
        hints = BlockHints(trainable(teacher.network, self.device))
        _, views = self._views(0, 0.0, 2)
        hints.start(self.network, prepare(views))
        return hints
