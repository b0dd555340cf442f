"""The losses of S2VS (Kordopatis-Zilos et al., CVPR workshops 2023) on the similarities of a batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

SMALLEST_SHARE = 1e-4
"""Least argument of a logarithm."""


def as_share(similarities: Tensor) -> Tensor:
    """Return similarities in [-1, 1] as values in [0, 1]; training has these, search the former."""
    return similarities / 2 + 0.5


def contrast(shares: Tensor, temperature: float) -> Tensor:
    """Return InfoNCE over 2 N views, of which i and N + i are of one clip: each must find the other."""
    views = len(shares)
    alone = torch.eye(views, dtype=torch.bool)
    scores = (shares / temperature).masked_fill(alone, -torch.inf)
    return F.cross_entropy(scores, torch.arange(views).roll(views // 2))


def hardest_negative(shares: Tensor) -> Tensor:
    """Return the mean over the views of ``-log(1 - s)`` with s of the most similar view of another clip."""
    views = len(shares)
    own = torch.arange(views) % (views // 2)
    hidden = shares.masked_fill(own[:, None] == own, -torch.inf)
    return -(1.0 - hidden.amax(dim=1)).clamp(min=SMALLEST_SHARE).log().mean()


def self_similarity(shares: Tensor) -> Tensor:
    """Return the mean over the views of ``-log(s)`` with s of the view and itself."""
    return -shares.diagonal().clamp(min=SMALLEST_SHARE).log().mean()
