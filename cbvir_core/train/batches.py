"""Rounds through the training pictures, batch by batch, and perturbed views of them."""

from __future__ import annotations

import torch
from torch import Tensor

from cbvir_core.train import schedule
from cbvir_core.train.augment import augment
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import TrainingRecipe


class TrainingBatches:
    """The batch of each step, and perturbed views of its pictures.

    `pixels` are uint8 N x 3 x S x S.  A round is N // `size` batches.  The remaining pictures are left
    out; the next round has another order.
    """

    def __init__(self, recipe: TrainingRecipe, pixels: Tensor, device: torch.device) -> None:
        self.size = min(recipe.batch, len(pixels))
        self._recipe, self._pixels, self._device = recipe, pixels, device

    def place(self, step: int) -> tuple[int, int]:
        """Return the round of a step, and the number of its batch in the round."""
        return divmod(step, len(self._pixels) // self.size)

    def cut(self, order: Tensor, place: int) -> Tensor:
        """Return the numbers of the pictures in one batch, given the order of the round."""
        return order[place * self.size : (place + 1) * self.size]

    def draws(self, step: int) -> RandomDraws:
        """Return the random draws of a step."""
        return RandomDraws(self._recipe.seed, step, self._device)

    def views(self, numbers: Tensor, spent: float, draws: RandomDraws) -> Tensor:
        """Return a perturbed view of each picture; `spent` of the budget sets size and strength."""
        side = schedule.side_at(spent, self._recipe.stages)
        strength = schedule.strength(spent, self._recipe.ramp)
        return augment(self._pixels[numbers].to(self._device), side, self._recipe.augment, strength, draws)
