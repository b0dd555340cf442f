"""The filter network: MobileNetV2 features pooled to one global descriptor (MoReSo, Table I)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from cbvir_core.embed.networks import GeM, Network, PublishedNetwork, load_exactly
from cbvir_core.weights import Preprocess

MOBILENET_ARCHITECTURE = "mobilenet_v2"
MOBILENET_CHANNELS = 1280
MOBILENET_SIDE = 224
"""Side of the published network's input (Table I)."""


class MobileNetDescriptor(Network):
    """Pictures to unit descriptors: N x 3 x H x W, normalised -> N x D.

    `p` is GeM's exponent at the start; `whitened` is the width of the learnt or fitted whitening
    behind the pooling (None: no whitening, D = 1280).  Parameter names are torchvision's for the
    features, then ``pool.p``, ``whiten.weight`` and ``whiten.bias``.
    """

    features: nn.Sequential

    def __init__(self, p: float = 1.0, whitened: int | None = None) -> None:
        super().__init__()
        self.features = mobilenet_v2(weights=None).features
        self.pool = GeM(p)
        self.whiten = nn.Linear(MOBILENET_CHANNELS, whitened) if whitened else None


def build(state: Mapping[str, Tensor], _architecture: str = MOBILENET_ARCHITECTURE) -> MobileNetDescriptor:
    """Return the network with these tensors in evaluation mode.

    A classifier is left out; without ``pool.p`` the pooling is the average.  Raise WeightsMismatch
    where the tensors are not exactly those of MobileNetV2.
    """
    tensors = {name: value for name, value in state.items() if not name.startswith("classifier.")}
    tensors.setdefault("pool.p", torch.ones(1))
    tensors["pool.p"] = tensors["pool.p"].reshape(1)
    whiten = tensors.get("whiten.weight")
    network = MobileNetDescriptor(whitened=None if whiten is None else int(whiten.shape[0]))
    load_exactly(network, tensors, "MobileNetV2")
    return network.eval()


def recognise(state: Mapping[str, Tensor], _meta: Mapping[str, Any]) -> PublishedNetwork | None:
    """Return torchvision's MobileNetV2 where the tensors have its names."""
    if "features.0.0.weight" not in state:
        return None
    return PublishedNetwork(MOBILENET_ARCHITECTURE, Preprocess(height=MOBILENET_SIDE, width=MOBILENET_SIDE))
