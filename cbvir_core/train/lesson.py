"""The lesson of a run: the part of training in which filter and refinement differ."""

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
    """The training pictures and what belongs to them.

    `pixels` are uint8 N x 3 x S x S.  `teacher` holds a teacher's rows of them, as wide as the descriptor.
    `data` describes them in the weight file.  `names` identify frames of one clip.
    """

    pixels: Tensor
    teacher: Teacher | None
    data: dict[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()


@dataclass(frozen=True)
class StepLosses:
    """The weighted losses of one step by name, and the numbers of its pictures and views."""

    losses: dict[str, Tensor]
    pictures: int
    views: int


class DescribedMaterial(Protocol):
    """Whatever a lesson learns from; `data` describes it in the weight file."""

    @property
    def data(self) -> dict[str, Any]:
        """Plain values."""


class Lesson(Protocol):
    """A network and its losses at each step of a run."""

    @property
    def material(self) -> DescribedMaterial:
        """What is learnt from."""

    @property
    def network(self) -> nn.Module:
        """The network that is trained."""

    def rate(self, spent: float) -> float:
        """Return the learning rate at this share of the time budget."""

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Do the work that is due before a step, with the averaged weights.

        Return the number of batches that the network described for it; 0 where nothing was due.
        """

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the losses of the next batch.  The same step has the same batch in every run."""

    def state(self) -> dict[str, Tensor]:
        """Return what a resumed run needs beside the weights of the network."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Continue from the `state` of an earlier run."""


def trainable(network: TrainedNetwork, device: torch.device) -> TrainedNetwork:
    """Return the network in the form that trains fastest: channels last, and no ReLU in place.

    A ReLU in place copies bfloat16 in channels-last order: 13 % of a step of MobileNetV2.
    """
    for module in network.modules():
        if isinstance(module, nn.ReLU | nn.ReLU6):
            module.inplace = False
    return network.to(device).to(memory_format=torch.channels_last)


def taught_losses(described: Tensor, wanted: Tensor, bank: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    """Return the losses against `wanted`, the teacher's rows of the clean pictures.

    `bank` is the teacher's rows of all training pictures.
    """
    parts = {}
    if weights.distill > 0.0:
        parts["distill"] = weights.distill * losses.cosine_distillation(described, wanted)
    if weights.bank > 0.0:
        found = losses.bank_distillation(described, wanted, bank, weights.temperature)
        parts["bank"] = weights.bank * found
    return parts
