"""Distillation block by block: each block of the student learns the map of the teacher's block.

A descriptor is one vector for a whole picture: too little for a network that starts from random weights.
The maps between the blocks give a target at every position.  At first each block gets the teacher's input
as well (`forced`), so that all blocks learn at once from the first step, each its own short function, and
none waits for the blocks before it.  Later the student runs on its own maps (`along`).  Hints are those of
FitNets (Romero et al. 2015); teacher and student have one architecture, so the map of a block is the hint
itself, with no regressor in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from cbvir_core.embed.mobilenet import MobileNetDescriptor

MAX_HINT_MAP_SIDE = 28
"""Wider maps are compared at every second position, which are enough."""


class BlockHints:
    """The maps of a teacher as targets for a student of the same architecture."""

    def __init__(self, teacher: MobileNetDescriptor) -> None:
        self._blocks = tuple(teacher.features)
        self._spread: tuple[Tensor, ...] = ()

    @torch.no_grad()
    def start(self, student: MobileNetDescriptor, pictures: Tensor) -> None:
        """Measure the variance of each channel of the teacher, and start the student with the same scale.

        Only the last norm of each block is set, from the maps of `pictures`.  A fresh norm gives every
        channel unit variance, and a student would spend its first thousand steps on that scale.
        """
        maps = self._maps(pictures)
        self._spread = tuple(_spread(found) for found in maps[1:])
        for block, taught, (given, made) in zip(student.features, self._blocks, pairwise(maps), strict=True):
            added = made - given if getattr(taught, "use_res_connect", False) else made
            norm = [module for module in block.modules() if isinstance(module, nn.BatchNorm2d)][-1]
            norm.weight.copy_(added.float().std(dim=(0, 2, 3)) + 1e-4)
            norm.bias.copy_(added.float().mean(dim=(0, 2, 3)))

    def forced(self, student: MobileNetDescriptor, pictures: Tensor) -> Tensor:
        """Return the mean error of the blocks, each on the teacher's input."""
        maps = self._maps(pictures)
        return self._error([block(given) for block, given in zip(student.features, maps, strict=False)], maps)

    def along(self, student: MobileNetDescriptor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the student's last map, and the mean error of its blocks on the student's own inputs."""
        found = _chain(student.features, pictures)
        return found[-1], self._error(found[1:], self._maps(pictures))

    def _error(self, found: Sequence[Tensor], maps: Sequence[Tensor]) -> Tensor:
        """Return the squared error divided by the teacher's variance, a mean over channels and blocks.

        A block that always gives the mean of the teacher's map has an error of 1.
        """
        errors = [
            ((_thin(own) - _thin(wanted)).float().square().mean(dim=(0, 2, 3)) / spread).mean()
            for own, wanted, spread in zip(found, maps[1:], self._spread, strict=True)
        ]
        return torch.stack(errors).mean()

    @torch.no_grad()
    def _maps(self, pictures: Tensor) -> list[Tensor]:
        return _chain(self._blocks, pictures)


def _chain(blocks: Sequence[nn.Module] | nn.Module, pictures: Tensor) -> list[Tensor]:
    maps = [pictures]
    for block in blocks:  # type: ignore[union-attr]
        maps.append(block(maps[-1]))
    return maps


def _thin(found: Tensor) -> Tensor:
    return found[:, :, ::2, ::2] if found.shape[-1] > MAX_HINT_MAP_SIDE else found


def _spread(found: Tensor) -> Tensor:
    """Return the variance of each channel, at least about a thousandth of the whole map's."""
    return found.float().var(dim=(0, 2, 3)) + 1e-3 * found.float().var()
