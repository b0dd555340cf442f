"""The 2D CNN of a clip: the filter's features of a frame, and its form for grey pictures.

Importing this module imports torch.  `cbvir_core.sequences.feature_encoder` does so only to convert the
network.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from cbvir_core.embed.networks import Network, load_network
from cbvir_core.errors import WeightsMismatch


class FeatureNetwork(nn.Module):
    """Pictures to features: N x channels x H x W, normalised -> N x C, the pooled last feature map.

    It is what the filter has before whitening, and neither normalised before nor after: the counterpart of
    the global average pooling of MobileNet (Ravi and Nandakumar, section IV-B).
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.features, self.pool = network.features, network.pool

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features of pictures."""
        pooled: Tensor = self.pool(self.features(pictures))
        return pooled


def grey_network(network: FeatureNetwork) -> FeatureNetwork:
    """Return the network for pictures of one channel, N x 1 x H x W.

    The kernel of the first convolution is summed over its three channels.  So it computes of a grey picture
    exactly what the colour network computes of the same picture three times over (table II).  Raise
    WeightsMismatch where the network does not begin with a convolution of three channels.
    """
    grey = copy.deepcopy(network)
    name, first = next(
        ((name, part) for name, part in grey.features.named_modules() if isinstance(part, nn.Conv2d)),
        ("", None),
    )
    if first is None or first.in_channels != 3:
        raise WeightsMismatch("the network does not begin with a convolution of three channels")
    summed = nn.Conv2d(
        1,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    with torch.no_grad():
        summed.weight.copy_(first.weight.sum(dim=1, keepdim=True))
        if first.bias is not None and summed.bias is not None:
            summed.bias.copy_(first.bias)
    parent, _, child = name.rpartition(".")
    setattr(grey.features.get_submodule(parent), child, summed)
    return grey.eval()


def load_features(weights: Path, *, grey: bool = False) -> FeatureNetwork:
    """Return the network of a filter's file.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch."""
    network = FeatureNetwork(load_network(weights)).eval()
    return grey_network(network) if grey else network


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers a network has learnt."""
    return sum(value.numel() for value in network.parameters())
