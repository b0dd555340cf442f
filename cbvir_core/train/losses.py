"""The losses of training, each on unit rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def cosine_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean of ``1 - cos`` between matching rows: 0 for equal directions, at most 2."""
    return (1.0 - (student * teacher).sum(dim=1)).mean()


def info_nce(first: Tensor, second: Tensor, temperature: float, strangers: Tensor | None = None) -> Tensor:
    """Return the InfoNCE loss of two views over the batch: each row must find its other view among all.

    It is symmetric; row i of both sides is the same picture.  It is ``ln N`` where all rows are equal.
    Pairs of pictures for which the symmetric N x N mask `strangers` is false are not compared.
    """
    scores = first @ second.T / temperature
    if strangers is not None:
        alone = ~torch.eye(len(first), dtype=torch.bool, device=first.device)
        scores = scores.masked_fill(~strangers & alone, -torch.inf)
    own = torch.arange(len(first), device=first.device)
    return 0.5 * (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own))


def bank_distillation(student: Tensor, teacher: Tensor, bank: Tensor, temperature: float) -> Tensor:
    """Return the cross entropy between the student's and the teacher's distribution over a bank.

    `teacher` holds the teacher's rows of the clean pictures, `bank` those of the whole training set.  So a
    perturbed picture must find its own clean one among all.  Pictures that the teacher itself finds alike
    (two photographs of one scene) count as partly right.
    """
    with torch.no_grad():
        wanted = torch.softmax(teacher @ bank.T / temperature, dim=1)
    return F.cross_entropy(student @ bank.T / temperature, wanted)


SOLAR_PAPER_TUPLES = 8
"""Tuples (anchor, positive, five negatives) in a batch of the published training of SOLAR."""


@dataclass(frozen=True)
class AnchorTuples:
    """Squared Euclidean distances between unit rows of anchors, positives and negatives.

    `positive` [A] is ``|a - p|^2`` of each anchor a and its positive p.  `negative` and `across`, both
    [A, K], are ``|a - n|^2`` and ``|p - n|^2`` for its K negatives n.  Entries where `valid` is false
    stand for no negative: an anchor may have fewer than K.
    """

    positive: Tensor
    negative: Tensor
    across: Tensor
    valid: Tensor


def hardest(first: Tensor, second: Tensor, strangers: Tensor, count: int) -> AnchorTuples:
    """Make a tuple of each row: its other view is the positive, the nearest rows of strangers the negatives.

    `first` and `second` are unit rows N x D of two views of N pictures.  The symmetric mask `strangers`
    [N, N] is true where two pictures may be negatives of each other; then both of their views may be.
    """
    rows = torch.cat([first, second])
    distances = (2.0 - 2.0 * rows @ rows.T).clamp(min=0.0)
    n = len(first)
    other = torch.arange(2 * n, device=rows.device).roll(n)
    allowed = strangers.repeat(2, 2)
    hidden = distances.detach().masked_fill(~allowed, torch.inf)
    nearest = hidden.topk(min(count, 2 * n), dim=1, largest=False).indices
    return AnchorTuples(
        positive=distances.gather(1, other[:, None])[:, 0],
        negative=distances.gather(1, nearest),
        across=distances[other].gather(1, nearest),
        valid=allowed.gather(1, nearest),
    )


def triplet(tuples: AnchorTuples, margin: float) -> Tensor:
    """Return the first-order loss of SOLAR, a mean over anchors of a sum over their negatives:

    ``sum_n max(0, |a - p|^2 - |a - n|^2 + margin)``.
    """
    missing = tuples.positive[:, None] - tuples.negative + margin
    return (missing.clamp(min=0.0) * tuples.valid).sum(dim=1).mean()


def second_order_similarity(tuples: AnchorTuples) -> Tensor:
    """Return SOLAR's second-order similarity loss: anchor and positive shall be equally far from negatives.

    The published form is ``sqrt(sum_a sum_n (|a - n|^2 - |p - n|^2)^2) / A`` for a batch of A = 8 tuples.
    It gets smaller the larger the batch is (A grows faster than the root), so here the form is
    ``sqrt(mean_a sum_n (...)^2 / 8)``: equal for 8 anchors, and on average independent of their number.
    """
    deviation = ((tuples.negative - tuples.across) * tuples.valid).square().sum(dim=1).mean()
    return (deviation / SOLAR_PAPER_TUPLES + 1e-12).sqrt()  # the root of 0 has no gradient
