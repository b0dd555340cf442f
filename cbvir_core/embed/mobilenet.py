"""The filter network: MobileNetV2 features pooled to one global descriptor (MoReSo, Table I)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torchvision.models import mobilenet_v2

from cbvir_core.embed.pooling import GeM
from cbvir_core.embed.strict import load_exactly

ARCHITECTURE = "mobilenet_v2"
CHANNELS = 1280


class MobileNetDescriptor(nn.Module):
    """Pictures to unit descriptors: N x 3 x H x W, normalised -> N x D.

    `p` is GeM's exponent at the start; `whitened` is the width of the learnt or fitted whitening
    behind the pooling (None: no whitening, D = 1280).  Parameter names are torchvision's for the
    features, then ``pool.p``, ``whiten.weight`` and ``whiten.bias``.
    """

    def __init__(self, p: float = 1.0, whitened: int | None = None) -> None:
        super().__init__()
        self.features = mobilenet_v2(weights=None).features
        self.pool = GeM(p)
        self.whiten = nn.Linear(CHANNELS, whitened) if whitened else None

    def forward(self, pictures: Tensor) -> Tensor:
        """Unit rows."""
        return self.describe(self.features(pictures))

    def describe(self, features: Tensor) -> Tensor:
        """Unit rows of the last feature map, N x 1280 x H/32 x W/32."""
        pooled = F.normalize(self.pool(features))
        return pooled if self.whiten is None else F.normalize(self.whiten(pooled))


def build_mobilenet(state: Mapping[str, Tensor]) -> MobileNetDescriptor:
    """The network with these tensors, ready to answer (evaluation mode).

    A classifier is left out; without ``pool.p`` the pooling is the average.  Raises WeightsMismatch
    where the tensors are not exactly those of MobileNetV2.
    """
    tensors = {name: value for name, value in state.items() if not name.startswith("classifier.")}
    tensors.setdefault("pool.p", torch.ones(1))
    tensors["pool.p"] = tensors["pool.p"].reshape(1)
    whiten = tensors.get("whiten.weight")
    network = MobileNetDescriptor(whitened=None if whiten is None else int(whiten.shape[0]))
    load_exactly(network, tensors, "MobileNetV2")
    return network.eval()
