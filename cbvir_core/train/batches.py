"""Rounds through the training pictures, batch by batch, and edited views of them."""

from __future__ import annotations

import torch
from torch import Tensor

from cbvir_core.train import schedule
from cbvir_core.train.augment import augment
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import TrainingRecipe


class TrainingBatches:
    """Where in the pictures a step is, and its pictures as the network sees them.

    `pixels` are uint8 N x 3 x S x S.  A round is N // `size` batches; what remains waits for the next
    round, which has another order.
    """

    def __init__(self, recipe: TrainingRecipe, pixels: Tensor, device: torch.device) -> None:
        self.size = min(recipe.batch, len(pixels))
        self._recipe, self._pixels, self._device = recipe, pixels, device

    def place(self, step: int) -> tuple[int, int]:
        """The round, and the batch in it."""
        return divmod(step, len(self._pixels) // self.size)

    def cut(self, order: Tensor, place: int) -> Tensor:
        """The pictures' numbers in one batch of a round's order."""
        return order[place * self.size : (place + 1) * self.size]

    def draws(self, step: int) -> RandomDraws:
        """The draws of a step."""
        return RandomDraws(self._recipe.seed, step, self._device)

    def views(self, numbers: Tensor, spent: float, draws: RandomDraws) -> Tensor:
        """An edited view of each picture, its size and strength by the share of the budget."""
        side = schedule.side_at(spent, self._recipe.stages)
        strength = schedule.strength(spent, self._recipe.ramp)
        return augment(self._pixels[numbers].to(self._device), side, self._recipe.augment, strength, draws)
