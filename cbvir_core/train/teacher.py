"""Descriptors of a teacher network, computed once and kept in the folder of the run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed import mobilenet
from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.train.pictures import PictureSet
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import describe
from cbvir_core.train.whitening import fit_whitening
from cbvir_core.weights import read_tensors

TEACHER_GEM_P = 3.0
"""The usual exponent of GeM: with it the teacher retrieves better than with its own average pooling."""


def load_teacher(path: Path) -> MobileNetDescriptor:
    """Load a state dict of torchvision's ``mobilenet_v2`` and put GeM pooling behind it.

    Raise WeightsMissing, WeightsDamaged or WeightsMismatch.
    """
    tensors = {name: value.float() for name, value in read_tensors(path).items()}
    tensors.setdefault("pool.p", torch.tensor([TEACHER_GEM_P]))
    return mobilenet.build(tensors)


def teacher_rows(
    path: Path,
    teacher: MobileNetDescriptor,
    pictures: PictureSet,
    recipe: TrainingRecipe,
    folder: Path,
    report: TrainingReport,
) -> Tensor:
    """Return the teacher's rows of all pictures; ``folder/teacher-*.pt`` keeps them for the next time."""
    key = hashlib.sha256(path.read_bytes())
    key.update(repr((recipe.teacher_side, tuple(pictures.pixels.shape), pictures.names)).encode())
    cached = folder / f"teacher-{key.hexdigest()[:16]}.pt"
    if cached.exists():
        rows: Tensor = torch.load(cached, weights_only=True)
        return rows.float()
    rows = describe(teacher, pictures.pixels, recipe.teacher_side, recipe.bf16, report)
    partial = cached.with_suffix(".part")
    torch.save(rows.half(), partial)
    partial.replace(cached)
    return rows


@dataclass(frozen=True)
class Teacher:
    """A teacher network and its rows of the training pictures.

    `rows` are mean-free unit rows.  `whitening` is the weight and bias that made them from the pooled
    features; the student's whitening starts from it.  `network` gives the maps for hints; it is None
    where only the rows are used.
    """

    rows: Tensor
    whitening: tuple[Tensor, Tensor]
    network: MobileNetDescriptor | None = None


def taught(rows: Tensor, width: int, power: float, network: MobileNetDescriptor | None = None) -> Teacher:
    """Make a teacher from its pooled rows: `width` principal axes, whitened by `power`."""
    weight, bias = fit_whitening(rows, width, power)
    return Teacher(F.normalize(rows @ weight.T + bias), (weight, bias), network)
