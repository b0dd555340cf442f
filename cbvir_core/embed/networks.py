"""Torch networks: what all of them share, and the way from a weight file to its network.

Importing this module imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.shapes import GEM_EPS, VIEW_WINDOWS
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights import Preprocess, find_architecture, read_weights

_COUNTER = ".num_batches_tracked"  # only training needs it; older checkpoints lack it


class GeM(nn.Module):
    """Generalised-mean pooling with a learnt exponent (MoReSo, equations 3 and 7): N x C x H x W -> N x C.

    Features below `eps` count as `eps`, as in the published networks.  With ``p = 1`` it is average
    pooling of features that are not negative.
    """

    def __init__(self, p: float = 3.0, eps: float = GEM_EPS) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        """Return the pooled descriptor, not normalised."""
        powered = features.float().clamp(min=self.eps).pow(self.p)
        return powered.mean(dim=(-2, -1)).pow(1.0 / self.p)


class Network(nn.Module):
    """Pictures to unit descriptors: N x 3 x H x W, normalised, any size -> N x D.

    The last feature map is pooled, L2-normalised, and, where there is a `whiten`, whitened and
    L2-normalised again.  A subclass sets the three parts in its ``__init__``.
    """

    features: nn.Module
    pool: GeM
    whiten: nn.Linear | None

    def forward(self, pictures: Tensor) -> Tensor:
        """Return unit rows of pictures."""
        return self.describe(self.features(pictures))

    def describe(self, features: Tensor) -> Tensor:
        """Return unit rows of the last feature map, N x C x H' x W'."""
        pooled = F.normalize(self.pool(features))
        return pooled if self.whiten is None else F.normalize(self.whiten(pooled))


class ViewNetwork(nn.Module):
    """The whole picture and parts of it from one pass of a network: N x 3 x H x W -> N x V x D, unit rows.

    View 0 is the whole picture.  The others are square windows of the last feature map, of the sides
    `VIEW_WINDOWS`, row by row, each pooled and whitened as the whole is (R-MAC, Tolias et al., ICLR 2016, has
    such windows; ViSiL, ICCV 2019, keeps a grid of them).  The number of views depends on the picture's size.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the unit rows of all views of each picture."""
        features = self.network.features(pictures)
        parts = [self._windows(features, side, step) for side, step in VIEW_WINDOWS]
        return torch.cat([self.network.describe(features)[:, None], *parts], dim=1)

    def _windows(self, features: Tensor, side: int, step: int) -> Tensor:
        """Return N x (windows) x D."""
        network, p = self.network, self.network.pool.p
        powered = features.float().clamp(min=network.pool.eps).pow(p)
        pooled = F.avg_pool2d(powered, side, step).pow(1.0 / p).flatten(2).transpose(1, 2)
        unit = F.normalize(pooled, dim=-1)
        return unit if network.whiten is None else F.normalize(network.whiten(unit), dim=-1)


class PublishedNetwork(NamedTuple):
    """What a checkpoint of other makers is: its architecture, and the preprocessing it was made for."""

    architecture: str
    preprocess: Preprocess


class NetworkModule(Protocol):
    """What the module of an architecture in the registry defines."""

    def build(self, state: Mapping[str, Tensor], architecture: str, /) -> Network:
        """Return the network with these tensors in evaluation mode.

        Raise WeightsMismatch where the tensors are not exactly its own.
        """

    def recognise(self, state: Mapping[str, Tensor], meta: Mapping[str, Any], /) -> PublishedNetwork | None:
        """Return what a checkpoint without cbvir's header is, None where it is of another architecture.

        `meta` is what the checkpoint says of its network, beside its tensors.  Raise WeightsMismatch where
        it is a variant of this architecture that cannot be built.
        """


def network_module(module: str) -> NetworkModule:
    """Return the module of an architecture in the registry by its dotted name."""
    return cast(NetworkModule, import_module(module))


def build_network(architecture: str, state: Mapping[str, Tensor]) -> Network:
    """Return the network of an architecture with these tensors in evaluation mode.

    Raise WeightsMismatch where the architecture is unknown or the tensors are not exactly its own.
    """
    return network_module(find_architecture(architecture).module).build(state, architecture)


def load_network(path: Path) -> Network:
    """Return the network of a weight file.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch."""
    header, state = read_weights(path)
    try:
        return build_network(header.architecture, state)
    except WeightsMismatch as error:
        raise error.about(path) from error


def load_exactly(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Load every tensor of the network from `state`, which may hold no other.  Raise WeightsMismatch."""
    own = network.state_dict()
    faults = {
        "is missing": [key for key in own if key not in state and not key.endswith(_COUNTER)],
        "does not belong": [key for key in state if key not in own],
        "has another shape": [key for key in own if key in state and own[key].shape != state[key].shape],
    }
    for fault, keys in faults.items():
        if keys:
            others = f", and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise WeightsMismatch(f"these are not the weights of {name}: {keys[0]} {fault}{others}")
    network.load_state_dict(own | dict(state))
