"""What the network is asked for, each on unit rows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def cosine_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of ``1 - cos`` between rows that belong together: 0 for equal directions, at most 2."""
    return (1.0 - (student * teacher).sum(dim=1)).mean()


def info_nce(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Contrast between two views over the batch: each row must find its other view among all.

    Symmetric; row i of both sides is the same picture.  ``ln N`` for rows that say nothing.
    """
    scores = first @ second.T / temperature
    own = torch.arange(len(first), device=first.device)
    return 0.5 * (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own))


def bank_distillation(student: Tensor, teacher: Tensor, bank: Tensor, temperature: float) -> Tensor:
    """Cross entropy between the student's and the teacher's distribution over a bank of pictures.

    `teacher` holds the rows of the clean pictures and `bank` the teacher's rows of the whole
    training set, so that an edited picture must find its own among all, while what the teacher
    itself takes for the same (a second photograph of one scene) is not held against it.
    """
    with torch.no_grad():
        wanted = torch.softmax(teacher @ bank.T / temperature, dim=1)
    return F.cross_entropy(student @ bank.T / temperature, wanted)
