"""Descriptors of a teacher network, computed once and kept beside the run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.mobilenet import MobileNetDescriptor, build
from cbvir_core.train.pictures import PictureSet
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import describe
from cbvir_core.train.whitening import fit_whitening
from cbvir_core.weights import read_tensors

TEACHER_GEM_P = 3.0
"""GeM's exponent behind the teacher, the usual one: it retrieves better than the average of its training."""


def load_teacher(path: Path) -> MobileNetDescriptor:
    """A torchvision ``mobilenet_v2`` state dict behind GeM pooling.

    Raises WeightsMissing, WeightsDamaged, WeightsMismatch.
    """
    tensors = {name: value.float() for name, value in read_tensors(path).items()}
    tensors.setdefault("pool.p", torch.tensor([TEACHER_GEM_P]))
    return build(tensors)


def teacher_rows(
    path: Path,
    teacher: MobileNetDescriptor,
    pictures: PictureSet,
    recipe: TrainingRecipe,
    folder: Path,
    report: TrainingReport,
) -> Tensor:
    """The teacher's rows of all pictures, from ``folder/teacher-*.pt`` if they were computed before."""
    key = hashlib.sha256(path.read_bytes())
    key.update(repr((recipe.teacher_side, tuple(pictures.pixels.shape), pictures.names)).encode())
    kept = folder / f"teacher-{key.hexdigest()[:16]}.pt"
    if kept.exists():
        rows: Tensor = torch.load(kept, weights_only=True)
        return rows.float()
    rows = describe(teacher, pictures.pixels, recipe.teacher_side, recipe.bf16, report)
    partial = kept.with_suffix(".part")
    torch.save(rows.half(), partial)
    partial.replace(kept)
    return rows


@dataclass(frozen=True)
class Teacher:
    """What a teacher has to say: its maps of any picture, and its rows of the training pictures.

    `rows` are mean-free unit rows; `whitening` is the weight and bias that made them from the pooled
    features, which is where the student's own whitening starts.  `network` is None where only the
    rows are wanted.
    """

    rows: Tensor
    whitening: tuple[Tensor, Tensor]
    network: MobileNetDescriptor | None = None


def taught(rows: Tensor, width: int, power: float, network: MobileNetDescriptor | None = None) -> Teacher:
    """A teacher's lesson of `width`, its principal axes whitened by `power`, from its pooled rows."""
    weight, bias = fit_whitening(rows, width, power)
    return Teacher(F.normalize(rows @ weight.T + bias), (weight, bias), network)
