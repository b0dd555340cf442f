"""Pictures as the network takes them, and the network's rows of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.weights import IMAGENET_MEAN, IMAGENET_STD
from cbvir_core.train.report import Report


def prepare(pictures: Tensor) -> Tensor:
    """Float N x 3 x H x W in [0, 1] -> normalised by ImageNet's mean and deviation, channels last."""
    mean = torch.tensor(IMAGENET_MEAN, device=pictures.device)[:, None, None]
    deviation = torch.tensor(IMAGENET_STD, device=pictures.device)[:, None, None]
    return ((pictures - mean) / deviation).contiguous(memory_format=torch.channels_last)


def resized(pixels: Tensor, side: int) -> Tensor:
    """Uint8 N x 3 x H x W -> float N x 3 x side x side in [0, 1]; averages where it shrinks."""
    pictures = pixels.float().div_(255.0)
    if pictures.shape[-2:] == (side, side):
        return pictures
    shrinks = pictures.shape[-1] > side
    return F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=shrinks)


@torch.no_grad()
def describe(
    network: MobileNetDescriptor, pixels: Tensor, side: int, bf16: bool, report: Report, batch: int = 64
) -> Tensor:
    """Float32 unit rows of uint8 pictures that the network, in evaluation mode, reads at `side`."""
    device = next(network.parameters()).device
    network = network.to(memory_format=torch.channels_last)
    rows = []
    for start in range(0, len(pixels), batch):
        chosen = resized(pixels[start : start + batch].to(device), side)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            rows.append(network(prepare(chosen)).float().cpu())
        report.progress("descriptors", min(len(pixels), start + batch), len(pixels))
    return F.normalize(torch.cat(rows))
