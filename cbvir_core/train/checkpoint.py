"""The state of a run on disk; a new state replaces the old one atomically."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cbvir_core.errors import WeightsDamaged, WeightsMissing
from cbvir_core.files import no_room, replacing

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(frozen=True)
class TrainingCheckpoint:
    """All that is needed to continue a run, or to export it as a weight file.

    `averaged` is the moving average of the weights, which is exported.  `spent_s` is the part of the
    time budget that is spent, `seen` the number of pictures that were trained on.  `data` describes the
    training data, for the model card.  `lesson` is the state of the lesson beside the weights.
    """

    step: int
    spent_s: float
    seen: int
    recipe: dict[str, Any]
    data: dict[str, Any]
    network: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimiser: dict[str, Any]
    lesson: dict[str, Tensor] = field(default_factory=dict)


def exists(folder: Path) -> bool:
    """Return whether the folder holds a checkpoint."""
    return (folder / CHECKPOINT_FILE).exists()


def save(checkpoint: TrainingCheckpoint, folder: Path) -> None:
    """Write ``folder/checkpoint.pt``; a crash leaves the old file.  Raise DiskFull."""
    with no_room(folder / CHECKPOINT_FILE), replacing(folder / CHECKPOINT_FILE) as temporary:
        torch.save(vars(checkpoint), temporary)


def load(folder: Path) -> TrainingCheckpoint:
    """Read the checkpoint of a folder.

    Only tensors and plain values are read; code in the file is not run.  Raise WeightsMissing or
    WeightsDamaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        raise WeightsMissing(f"{folder} holds no checkpoint of a training")
    try:
        return TrainingCheckpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsDamaged(f"{path} is damaged, or not a checkpoint of this program: {error}") from error
