"""A run on disk, replaced in one piece."""

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
    """All that a run needs to go on, and to be turned into a weight file.

    `averaged` is the moving average of the weights, which is what is exported; `spent_s` what the
    time budget has lost; `data` says what the run has seen, for the model card; `lesson` is what the
    lesson keeps beside the weights.
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


def there(folder: Path) -> bool:
    """Whether the folder holds a checkpoint."""
    return (folder / CHECKPOINT_FILE).exists()


def save(checkpoint: TrainingCheckpoint, folder: Path) -> None:
    """Writes ``folder/checkpoint.pt``; a crash leaves the old one.  Raises DiskFull."""
    with no_room(folder / CHECKPOINT_FILE), replacing(folder / CHECKPOINT_FILE) as temporary:
        torch.save(vars(checkpoint), temporary)


def load(folder: Path) -> TrainingCheckpoint:
    """The checkpoint of a folder.  Tensors and plain values only: no code in it is run.

    Raises WeightsMissing and WeightsDamaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        raise WeightsMissing(f"no training has been saved in {folder}")
    try:
        return TrainingCheckpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsDamaged(f"{path} is damaged or no checkpoint of this program: {error}") from error
