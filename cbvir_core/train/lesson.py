"""What a run teaches, as the run sees it: the part in which filter and refinement differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from cbvir_core.train import losses
from cbvir_core.train.recipe import LossWeights
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.teacher import Teacher

TrainedNetwork = TypeVar("TrainedNetwork", bound=nn.Module)


@dataclass(frozen=True)
class LessonMaterial:
    """What is learnt from.

    `pixels` are the training pictures, uint8 N x 3 x S x S; `teacher` what a teacher says of them, its
    rows as wide as the descriptor; `data` is kept with the weights; `names` tell frames of one clip.
    """

    pixels: Tensor
    teacher: Teacher | None
    data: dict[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()


@dataclass(frozen=True)
class StepLosses:
    """One step's losses by name, weighted, and of how many pictures and views they are."""

    losses: dict[str, Tensor]
    pictures: int
    views: int


class Lesson(Protocol):
    """A network, and what it is asked for at each step of a run."""

    material: LessonMaterial

    @property
    def network(self) -> nn.Module:
        """What learns."""

    def rate(self, spent: float) -> float:
        """The learning rate at this share of the time budget."""

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Does what is due before a step, with the averaged weights; how many batches went through it.

        Mostly nothing is, and it is 0.
        """

    def take(self, step: int, spent: float) -> StepLosses:
        """The losses of the next batch.  The same step gives the same batch in every run."""

    def state(self) -> dict[str, Tensor]:
        """What a resumed run needs beside the network's weights."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from the `state` of another run."""


def trainable(network: TrainedNetwork, device: torch.device) -> TrainedNetwork:
    """The network as it trains fastest: channels last, and no ReLU in place.

    In place, bfloat16 in channels-last order is copied: 13 % of a step of MobileNetV2.
    """
    for module in network.modules():
        if isinstance(module, nn.ReLU | nn.ReLU6):
            module.inplace = False
    return network.to(device).to(memory_format=torch.channels_last)


def taught_losses(described: Tensor, wanted: Tensor, bank: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    """What a teacher's rows `wanted` of the clean pictures ask of rows; `bank` is all of the teacher's."""
    parts = {}
    if weights.distill > 0.0:
        parts["distill"] = weights.distill * losses.cosine_distillation(described, wanted)
    if weights.bank > 0.0:
        found = losses.bank_distillation(described, wanted, bank, weights.temperature)
        parts["bank"] = weights.bank * found
    return parts
