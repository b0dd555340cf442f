"""A third architecture, as somebody would add one: one convolution with GeM, 16 dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cbvir_core.embed.networks import GeM, Network, PublishedNetwork, load_exactly
from cbvir_core.weights import ARCHITECTURES, Architecture, Preprocess, Role, WeightsHeader, write_weights

TINY_ARCHITECTURE = "tiny"
TINY_PREPROCESS = Preprocess(height=64, width=64)


@contextmanager
def registered(role: Role) -> Iterator[None]:
    """Have it in the registry, for this role."""
    ARCHITECTURES.append(Architecture(TINY_ARCHITECTURE, role, "Tiny", "support.tiny_network"))
    try:
        yield
    finally:
        ARCHITECTURES.pop()


class TinyDescriptor(Network):
    """Pictures to unit descriptors, N x 3 x H x W -> N x 16."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 9, stride=8, padding=4), nn.ReLU())
        self.pool = GeM(3.0)
        self.whiten = None


def build(state: Mapping[str, Tensor], architecture: str) -> TinyDescriptor:
    """Return the network with these tensors in evaluation mode."""
    network = TinyDescriptor()
    load_exactly(network, state, architecture)
    return network.eval()


def recognise(state: Mapping[str, Tensor], _meta: Mapping[str, Any]) -> PublishedNetwork | None:
    """Return what a published file is, recognised by the shape of its convolution."""
    convolution = state.get("features.0.weight")
    if convolution is None or convolution.shape != (16, 3, 9, 9):
        return None
    return PublishedNetwork(TINY_ARCHITECTURE, TINY_PREPROCESS)


def tiny_state(seed: int = 0) -> dict[str, Tensor]:
    """Return random tensors of it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return TinyDescriptor().state_dict()


def tiny_file(path: Path, role: Role | None = None) -> Path:
    """Write a weight file of it whose header may carry a role, and return `path`."""
    header = WeightsHeader(TINY_ARCHITECTURE, "tiny, seed 0", TINY_PREPROCESS, role=role)
    write_weights(path, tiny_state(), header)
    return path
