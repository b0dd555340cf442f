"""Seeded random numbers for a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class RandomDraws:
    """Draws of one step: the same `seed` and `step` give the same numbers, wherever a run resumed."""

    def __init__(self, seed: int, step: int, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed * 1_000_003 + step)

    @classmethod
    def of_round(cls, seed: int, number: int) -> RandomDraws:
        """Draws of a whole round, on the processor: never those of a step, whose numbers are not negative."""
        return cls(seed, -1 - number)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Evenly spread over [low, high)."""
        return torch.rand(shape, generator=self.generator, device=self.device).mul_(high - low).add_(low)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Evenly spread in the logarithm, over [low, high)."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp_()

    def normal(self, *shape: int) -> Tensor:
        """Mean 0, deviation 1."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def happens(self, n: int, probability: float) -> Tensor:
        """1 with `probability`, else 0, as float, for each of `n`."""
        return (self.uniform(n) < probability).float()

    def chosen(self, n: int, probability: float) -> Tensor:
        """Numbers of those of `n` that it happens to."""
        return self.happens(n, probability).nonzero()[:, 0]

    def order(self, n: int) -> Tensor:
        """A permutation of 0 ... n - 1."""
        return torch.randperm(n, generator=self.generator, device=self.device)
