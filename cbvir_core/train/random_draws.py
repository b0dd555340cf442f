"""Seeded random numbers for the perturbations of a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class RandomDraws:
    """Random draws of one step: the same `seed` and `step` give the same numbers, also in a resumed run."""

    def __init__(self, seed: int, step: int, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed * 1_000_003 + step)

    @classmethod
    def of_round(cls, seed: int, number: int) -> RandomDraws:
        """Return the draws of a whole round, on the processor.

        Their seeds differ from those of all steps, whose numbers are not negative.
        """
        return cls(seed, -1 - number)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw uniformly from [low, high)."""
        return torch.rand(shape, generator=self.generator, device=self.device).mul_(high - low).add_(low)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Draw from [low, high), uniformly in the logarithm."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp_()

    def normal(self, *shape: int) -> Tensor:
        """Draw from a normal distribution of mean 0 and standard deviation 1."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def happens(self, n: int, probability: float) -> Tensor:
        """Draw for each of `n` 1.0 with this probability, else 0.0."""
        return (self.uniform(n) < probability).float()

    def chosen(self, n: int, probability: float) -> Tensor:
        """Return the numbers of those of `n` that are chosen with this probability."""
        return self.happens(n, probability).nonzero()[:, 0]

    def order(self, n: int) -> Tensor:
        """Draw a permutation of 0 ... n - 1."""
        return torch.randperm(n, generator=self.generator, device=self.device)
