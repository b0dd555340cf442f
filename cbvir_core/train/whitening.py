"""PCA whitening fitted on descriptors."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def fit_whitening(rows: Tensor, width: int, power: float = 1.0, floor: float = 1e-6) -> tuple[Tensor, Tensor]:
    """Fit the weight [width, D] and bias [width] that centre, rotate to the strongest axes and equalise them.

    `power` 1 gives every axis unit variance, 0 leaves the variances as they are.  `floor` is the
    share of the largest variance below which an axis is not amplified further.  Where there are
    fewer rows or dimensions than `width`, the remaining rows of the weight are zero.
    """
    double = rows.double()
    mean = double.mean(dim=0)
    centred = double - mean
    values, vectors = torch.linalg.eigh(centred.T @ centred / max(1, len(rows) - 1))
    strongest = vectors.flip(1)[:, :width]
    variance = values.flip(0)[:width].clamp(min=float(values[-1]) * floor)
    weight = torch.zeros(width, rows.shape[1], dtype=torch.float64)
    weight[: len(variance)] = strongest.T * variance.pow(-0.5 * power)[:, None]
    return weight.float(), (-weight @ mean).float()


@torch.no_grad()
def start_whitening(whiten: nn.Linear, pooled: Tensor) -> None:
    """Set the whitening to a rotation of mean-free features: fresh features all point one way."""
    nn.init.orthogonal_(whiten.weight)
    whiten.bias.copy_(-whiten.weight @ F.normalize(pooled).mean(dim=0))
