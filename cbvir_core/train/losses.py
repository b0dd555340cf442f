"""What the network is asked for, each on unit rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def cosine_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of ``1 - cos`` between rows that belong together: 0 for equal directions, at most 2."""
    return (1.0 - (student * teacher).sum(dim=1)).mean()


def info_nce(first: Tensor, second: Tensor, temperature: float, strangers: Tensor | None = None) -> Tensor:
    """Contrast between two views over the batch: each row must find its other view among all.

    Symmetric; row i of both sides is the same picture.  ``ln N`` for rows that say nothing.  Where the
    symmetric N x N mask `strangers` is false, two pictures are not held against each other.
    """
    scores = first @ second.T / temperature
    if strangers is not None:
        alone = ~torch.eye(len(first), dtype=torch.bool, device=first.device)
        scores = scores.masked_fill(~strangers & alone, -torch.inf)
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


SOLAR_PAPER_TUPLES = 8
"""Tuples (anchor, positive, five negatives) in a batch of the published SOLAR training."""


@dataclass(frozen=True)
class AnchorTuples:
    """Which rows of a batch are compared, in squared Euclidean distances of unit rows.

    `positive` [A] is ``|a - p|^2`` of each anchor a and its positive p; `negative` and `across`, both
    [A, K], are ``|a - n|^2`` and ``|p - n|^2`` for its K negatives n; where `valid` is false an anchor
    has fewer negatives than K.
    """

    positive: Tensor
    negative: Tensor
    across: Tensor
    valid: Tensor


def hardest(first: Tensor, second: Tensor, strangers: Tensor, count: int) -> AnchorTuples:
    """Every row as an anchor, its other view as the positive, the nearest strangers' rows as negatives.

    `first` and `second` are unit rows N x D of two views of N pictures; `strangers` [N, N] says which
    pictures may be negatives of each other (symmetric).  Both views of a picture may be.
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
    """The first-order loss of SOLAR, a mean over anchors of a sum over their negatives:

    ``sum_n max(0, |a - p|^2 - |a - n|^2 + margin)``.
    """
    missing = tuples.positive[:, None] - tuples.negative + margin
    return (missing.clamp(min=0.0) * tuples.valid).sum(dim=1).mean()


def second_order_similarity(tuples: AnchorTuples) -> Tensor:
    """SOLAR's second-order similarity loss: an anchor and its positive lie equally far from strangers.

    ``sqrt(sum_a sum_n (|a - n|^2 - |p - n|^2)^2) / A`` for the published batch of A = 8 tuples.  That
    form would count for less the larger the batch is (A grows faster than the root), so here it is
    ``sqrt(mean_a sum_n (...)^2 / 8)``: the same for 8 anchors, and for any number of them on average.
    """
    bent = ((tuples.negative - tuples.across) * tuples.valid).square().sum(dim=1).mean()
    return (bent / SOLAR_PAPER_TUPLES + 1e-12).sqrt()  # the root of nothing has no gradient
