"""Generalised-mean pooling, the step both networks share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GeM(nn.Module):
    """Generalised-mean pooling with a learnt exponent (MoReSo, equations 3 and 7): N x C x H x W -> N x C.

    Features below `eps` count as `eps`, as in the published networks.  With ``p = 1`` it is average
    pooling of features that are not negative.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        """The pooled descriptor, not normalised."""
        powered = features.float().clamp(min=self.eps).pow(self.p)
        return powered.mean(dim=(-2, -1)).pow(1.0 / self.p)
