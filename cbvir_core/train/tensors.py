"""Pictures as input of a network, and the rows that a network makes of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.networks import Network
from cbvir_core.train.report import TrainingReport
from cbvir_core.weights import IMAGENET_MEAN, IMAGENET_STD

FORWARD_BATCH_PICTURES = 64
"""Pictures that a network describes together outside of training steps."""


def prepare(pictures: Tensor) -> Tensor:
    """Normalise float N x 3 x H x W in [0, 1] by ImageNet's mean and deviation, channels last."""
    mean = torch.tensor(IMAGENET_MEAN, device=pictures.device)[:, None, None]
    deviation = torch.tensor(IMAGENET_STD, device=pictures.device)[:, None, None]
    return ((pictures - mean) / deviation).contiguous(memory_format=torch.channels_last)


def resized(pixels: Tensor, side: int) -> Tensor:
    """Scale uint8 N x 3 x H x W to float N x 3 x side x side in [0, 1], averaging where it shrinks."""
    pictures = pixels.float().div_(255.0)
    if pictures.shape[-2:] == (side, side):
        return pictures
    shrinks = pictures.shape[-1] > side
    return F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=shrinks)


def describe(network: Network, pixels: Tensor, side: int, bf16: bool, report: TrainingReport) -> Tensor:
    """Return float32 unit rows of uint8 pictures at `side`; the network must be in evaluation mode."""
    return _rows(network, network, pixels, side, bf16, report)


def pooled_rows(network: Network, pixels: Tensor, side: int, bf16: bool, report: TrainingReport) -> Tensor:
    """Return rows as `describe` does, but without the whitening."""

    def pooled(pictures: Tensor) -> Tensor:
        found: Tensor = network.pool(network.features(pictures))
        return found

    return _rows(network, pooled, pixels, side, bf16, report)


@torch.no_grad()
def _rows(
    network: nn.Module,
    run: Callable[[Tensor], Tensor],
    pixels: Tensor,
    side: int,
    bf16: bool,
    report: TrainingReport,
) -> Tensor:
    device = next(network.parameters()).device
    network.to(memory_format=torch.channels_last)
    rows = []
    for start in range(0, len(pixels), FORWARD_BATCH_PICTURES):
        end = min(len(pixels), start + FORWARD_BATCH_PICTURES)
        chosen = resized(pixels[start:end].to(device), side)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            rows.append(run(prepare(chosen)).float().cpu())
        report.progress("descriptors", end, len(pixels))
    return F.normalize(torch.cat(rows))
